// Part of main in lib/gemm.wgsl and conv2d_weight.wgsl: which tile of the result this invocation computes.
// Of the defines there it needs QUAD, ROTATIONS, TM, NU, TILES_M, TILES_N, UNITS, and LAST_N, the last column that a
// whole load may start at. Gives lane, wanted, n0 and m0 (the tile's first column and row), n (n0 kept inside), z.
  let id = globalIndex(group, groups, local);
#ifdef QUAD
  let lane = local & 3u;
  let wanted = id / 4u;
#else
  let lane = 0u;
  let wanted = id;
#endif
  // Invocations beyond the last tile repeat it, so that quads stay whole, and store nothing.
  let tile = min(wanted, UNITS - 1);
  let n0 = (tile % TILES_N * ROTATIONS + lane) * NU;
  let n = min(n0, LAST_N);
  let m0 = tile / TILES_N % TILES_M * (ROTATIONS * TM);
  let z = tile / (TILES_N * TILES_M);
