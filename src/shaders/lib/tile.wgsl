// Part of main in lib/gemm.wgsl and conv2d_weight.wgsl: which tile of the result this invocation computes.
// Of the defines there it needs QUAD, ROTATIONS, TM, NU, NV, TILES_M, TILES_N, UNITS, and LAST_N, the last column that a
// whole load may start at. Gives lane, wanted, m0 and first (the tile's first row and column), n0, n1 (where its groups of
// columns are loaded, kept inside), z.
  let id = globalIndex(group, groups, local);
#ifdef QUAD
  let lane = local & 3u;
  let wanted = id >> 2u;
#else
  let lane = 0u;
  let wanted = id;
#endif
  // Invocations beyond the last tile repeat it, so that quads stay whole, and store nothing.
  let tile = min(wanted, UNITS - 1);
  let first = (tile % TILES_N * ROTATIONS + lane) * (NU * NV);
#for v in 0..NV
  let n$v = min(first + $v * NU, LAST_N);
#endfor
  let m0 = tile / TILES_N % TILES_M * (ROTATIONS * TM);
  let z = tile / (TILES_N * TILES_M);
