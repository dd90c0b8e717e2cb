// Weight gradient: y [KH, KW, C, N] = Σ over pixels of a [n, H, W, C] (shifted by the tap) ⊗ b [n, HO, WO, N].
// With one tap and pixels for rows it is aᵀ b, and serves matmul so. Rows of y: m = (tap, c). No workgroup memory.
//
// An invocation owns 4 rows and NU columns; with QUAD the rows go round the quad, as in lib/gemm.wgsl. The sum over
// output lines is split into SLICES partial results, added afterwards in a fixed order.
//
// M, N, C                  rows KH KW C, columns, channels of a
// H, W, HO, WO, KW         sizes (i32)
// SH, SW, PT, PL           stride, padding at the top and left (i32)
// LINES                    output lines n HO of one batch; LINES_PER_SLICE of them in a slice
// NU, V, ROTATIONS, TILES_M, TILES_N, UNITS, LAST_N, VEC_B, VEC_Y    as in lib/gemm.wgsl; TM is 4
// VEC_A                    a is bound as vec4s (C a multiple of 4)
// A_BATCH, B_BATCH         elements between batches
#ifdef QUAD
enable subgroups;
diagnostic(off, subgroup_uniformity);
#endif
#include "lib/index.wgsl"
#include "lib/gemm_bindings.wgsl"

// Pixels of an output line, WO: not a constant, lest a compiler unroll the loop over them and run out of registers.
struct Params { pixels: u32 }
@group(1) @binding(0) var<uniform> params: Params;

fn loadB(at: u32, n: u32) -> V {
#ifdef SCALAR_V
  return b[at + n];
#else
#ifdef VEC_B
  return b[(at + n) / 4u];
#else
  var v = V();
#for j in 0..NU
  v[$j] = b[at + min(n + $j, N - 1)];
#endfor
  return v;
#endif
#endif
}

fn store(z: u32, m: u32, n: u32, v: V) {
  if (m >= M || n >= N) { return; }
#ifdef SCALAR_V
  y[(z * M + m) * N + n] = v;
#else
#ifdef VEC_Y
  y[((z * M + m) * N + n) / 4u] = v;
#else
#for j in 0..NU
  if (n + $j < N) { y[(z * M + m) * N + n + $j] = v[$j]; }
#endfor
#endif
#endif
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
#include "lib/tile.wgsl"
  let batch = z / SLICES;
  let firstLine = i32(z % SLICES * LINES_PER_SLICE);
  // The tap's shift and the channel of each row; of the first of the four where they are read as one vec4.
#for i in 0..A_LOADS
  let row$i = min(m0 + lane * 4u + $i, M - 1);
  let c$i = i32(row$i % C);
  let dy$i = i32(row$i / C) / KW - PT;
  let dx$i = i32(row$i / C) % KW - PL;
#endfor
#for r in 0..ROTATIONS
#for i in 0..4
  var acc$r_$i = V();
#endfor
#endfor
  for (var l = 0; l < LINES_PER_SLICE; l++) {
    let line = min(firstLine + l, LINES - 1);
    let used = firstLine + l < LINES;
    let image = line / HO * H;
    let oy = line % HO * SH;
#for i in 0..A_LOADS
    let y$i = oy + dy$i;
    let lineUsed$i = used & (y$i >= 0) & (y$i < H);
    let at$i = i32(batch * A_BATCH) + (image + clamp(y$i, 0, H - 1)) * W * C + c$i;
#endfor
    let bAt = batch * B_BATCH + u32(line * WO) * N;
    for (var o = 0; o < i32(params.pixels); o++) {
#ifdef VEC_A
      let x0 = o * SW + dx0;
      let a0 = select(vec4f(), a[(at0 + clamp(x0, 0, W - 1) * C) / 4], lineUsed0 & (x0 >= 0) & (x0 < W));
#else
      var a0 = vec4f();
#for i in 0..4
      let x$i = o * SW + dx$i;
      a0[$i] = select(0.0, a[at$i + clamp(x$i, 0, W - 1) * C], lineUsed$i & (x$i >= 0) & (x$i < W));
#endfor
#endif
#ifdef QUAD
      let a1 = quadSwapX(a0);
      let a2 = quadSwapY(a0);
      let a3 = quadSwapDiagonal(a0);
#endif
      let v = loadB(bAt + u32(o) * N, n);
#for r in 0..ROTATIONS
#for i in 0..4
      acc$r_$i += a$r[$i] * v;
#endfor
#endfor
    }
  }
  if (wanted < UNITS) {
#for r in 0..ROTATIONS
#for i in 0..4
    store(z, m0 + (lane ^ $r) * 4u + $i, n0, acc$r_$i);
#endfor
#endfor
  }
}
