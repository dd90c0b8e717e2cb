// Weight gradient: y [KH, KW, C, N] = Σ over pixels of a [n, H, W, C] (shifted by the tap) ⊗ b [n, HO, WO, N].
// With one tap and pixels for rows it is aᵀ b, and serves matmul so. Rows of y: m = (tap, c). No workgroup memory.
//
// An invocation owns MV groups of 4 rows and NV groups of NU columns; with QUAD the rows go round the quad, as in
// lib/gemm.wgsl. The sum over output lines is split into SLICES partial results, added afterwards in a fixed order.
//
// M, N, C                  rows KH KW C, columns, channels of a
// H, W, HO, WO, KW         sizes (i32)
// SH, SW, PT, PL           stride, padding at the top and left (i32)
// LINES                    output lines n HO of one batch; LINES_PER_SLICE of them in a slice
// TERMS                    lines taken at once; LINES_PER_SLICE is a multiple of it
// NU, V, NV, ROTATIONS, RESULTS, TILES_M, TILES_N, UNITS, LAST_N, VEC_B, VEC_Y    as in lib/gemm.wgsl; TM is 4 MV
// SPAN                     without QUAD, of a single group of rows and VEC_A: walks over the pixels inside alone
// VEC_A                    a is bound as vec4s (C a multiple of 4); A_LOADS and A_WIDTH, 1 and 4 then, else 4 and 1
// A_BATCH, B_BATCH         elements between batches
#ifdef QUAD
enable subgroups;
diagnostic(off, subgroup_uniformity);
#endif
#include "lib/index.wgsl"
#include "lib/gemm_bindings.wgsl"

// Of an output line, WO: not a constant, lest a compiler unroll the loop over them and run out of registers.
struct Params { pixels: u32 }
@group(1) @binding(0) var<uniform> params: Params;

fn loadB(at: u32, n: u32) -> V {
#ifdef SCALAR_V
  return b[at + n];
#else
#ifdef VEC_B
  return b[(at + n) >> 2u];
#else
  var v = V();
#for j in 0..NU
  v[$j] = b[at + min(n + $j, N - 1)];
#endfor
  return v;
#endif
#endif
}

#include "lib/mac.wgsl"

fn storedRow(z: u32, m: u32) -> i32 { return select(-1, i32(z * M + m), m < M); }

fn store(z: u32, row: i32, n: u32, v: V) {
  if (row < 0 || n >= N) { return; }
  let at = u32(row) * N + n;
#ifdef SCALAR_V
  y[at] = v;
#else
#ifdef VEC_Y
  y[at >> 2u] = v;
#else
#for j in 0..NU
  if (n + $j < N) { y[at + $j] = v[$j]; }
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
#for g in 0..MV
#for i in 0..A_LOADS
  let row$g_$i = min(m0 + lane * TM + $g * 4u + $i, M - 1);
  let c$g_$i = i32(row$g_$i % C);
  let dy$g_$i = i32(row$g_$i / C) / KW - PT;
  let dx$g_$i = i32(row$g_$i / C) % KW - PL;
#endfor
#for r in 0..ROTATIONS
#for i in 0..4
#for v in 0..NV
  var acc$r_$g_$i_$v = V();
#endfor
#endfor
#endfor
#endfor
  for (var l = 0; l < LINES_PER_SLICE; l += TERMS) {
#for u in 0..TERMS
    let line$u = min(firstLine + l + $u, LINES - 1);
    let used$u = firstLine + l + $u < LINES;
    let image$u = line$u / HO;
    let oy$u = (line$u - image$u * HO) * SH;
    let bAt$u = batch * B_BATCH + u32(line$u * WO) * N;
#for g in 0..MV
#for i in 0..A_LOADS
    let y$u_$g_$i = oy$u + dy$g_$i;
    let lineUsed$u_$g_$i = used$u & (y$u_$g_$i >= 0) & (y$u_$g_$i < H);
#ifdef VEC_A
    let at$u_$g_$i = (i32(batch * A_BATCH) + (image$u * H + clamp(y$u_$g_$i, 0, H - 1)) * W * C + c$g_$i) >> 2u;
#else
    let at$u_$g_$i = i32(batch * A_BATCH) + (image$u * H + clamp(y$u_$g_$i, 0, H - 1)) * W * C + c$g_$i;
#endif
#endfor
#endfor
#endfor
#ifdef SPAN
    // The four rows share a tap, so the pixels whose tap is inside are one span of the line, and nothing else is tested.
    let begin = max(0, (SW - 1 - dx0_0) / SW);
    let end = select(0, min(WO, (W - 1 - dx0_0 + SW) / SW), lineUsed0_0_0);
    var aPixel = at0_0_0 + (begin * SW + dx0_0) * (C / 4);
    var bPixel = bAt0 + u32(begin) * N;
    for (var o = begin; o < end; o++) {
      let a0 = a[aPixel];
#for v in 0..NV
      let b0_$v = loadB(bPixel, n$v);
#endfor
#for i in 0..4
#for v in 0..NV
      acc0_0_$i_$v = mac(acc0_0_$i_$v, a0[$i], b0_$v);
#endfor
#endfor
      aPixel += SW * (C / 4);
      bPixel += N;
    }
#else
    for (var o = 0; o < i32(params.pixels); o++) {
#for u in 0..TERMS
#for v in 0..NV
      let b$u_$v = loadB(bAt$u + u32(o) * N, n$v);
#endfor
#endfor
#for g in 0..MV
#for i in 0..A_LOADS
      let x$g_$i = o * SW + dx$g_$i;
      let inside$g_$i = (x$g_$i >= 0) & (x$g_$i < W);
      let pixel$g_$i = clamp(x$g_$i, 0, W - 1) * (C / A_WIDTH);
#endfor
#for u in 0..TERMS
#ifdef VEC_A
      let a0_$g_$u = select(vec4f(), a[at$u_$g_0 + pixel$g_0], lineUsed$u_$g_0 & inside$g_0);
#else
      var a0_$g_$u = vec4f();
#for i in 0..4
      a0_$g_$u[$i] = select(0.0, a[at$u_$g_$i + pixel$g_$i], lineUsed$u_$g_$i & inside$g_$i);
#endfor
#endif
#ifdef QUAD
      let a1_$g_$u = quadSwapX(a0_$g_$u);
      let a2_$g_$u = quadSwapY(a0_$g_$u);
      let a3_$g_$u = quadSwapDiagonal(a0_$g_$u);
#endif
#endfor
#for r in 0..ROTATIONS
#for i in 0..4
#for v in 0..NV
      acc$r_$g_$i_$v = mac(acc$r_$g_$i_$v
#for u in 0..TERMS
        , a$r_$g_$u[$i], b$u_$v
#endfor
      );
#endfor
#endfor
#endfor
#endfor
    }
#endif
  }
  if (wanted < UNITS) {
#ifdef QUAD
    var results = array<V, RESULTS>(
#for r in 0..ROTATIONS
#for g in 0..MV
#for i in 0..4
#for v in 0..NV
      acc$r_$g_$i_$v,
#endfor
#endfor
#endfor
#endfor
    );
#include "lib/store_results.wgsl"
#else
#for g in 0..MV
#for i in 0..4
#for v in 0..NV
    store(z, storedRow(z, m0 + $g * 4u + $i), first + $v * NU, acc0_$g_$i_$v);
#endfor
#endfor
#endfor
#endif
  }
}
