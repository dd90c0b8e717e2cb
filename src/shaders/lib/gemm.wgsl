// The product behind matmul, conv2d and convTranspose2d: y[m, n] = Σ over taps and k of A[m, tap, k] B[tap, k, n].
// Rows of A are reached by one pointer per tap, along which k is contiguous: a conv is then a matmul over pixels
// (implicit GEMM), and a border test costs once per tap. No workgroup memory, no barriers.
//
// An invocation owns TM rows and NV groups of NU columns in registers. With QUAD the four invocations of a quad each load
// TM other rows and other columns, and pass the rows around by quad swaps: 4 TM rows for the loads of TM.
//
// M, N           rows and columns
// TM             rows an invocation loads
// NU, V          columns of a group (1 to 4) and their type, f32 to vec4f
// NV             groups of columns
// ROTATIONS      4 with QUAD, else 1
// RESULTS        ROTATIONS TM NV
// TILES_M, TILES_N, UNITS      tiles along m and n; tiles in all, over every z
// TAPS           taps of a row's pointer
// KC             length of k; KU values are taken per step, KSTEPS steps per slice
// TERMS          KU
// SLICES         ways k is split; slice s writes its own partial result
// VEC_A          A is bound as vec4s along k (KU = 4)
// B_TRANSPOSED   B is [tap, n, k] instead of [tap, k, n]
// VEC_B          B is bound as vec4s along n; VEC_BT: along k, B_TRANSPOSED
// VEC_Y          y is bound as vec4s (N a multiple of 4)
// Y_TRANSPOSED   y is [n, m]
// HAS_BIAS       y += bias[n]
// SLOPE, RELU    of a leaky ReLU of y, if there is one (lib/activate.wgsl); T and BITS there are V and its bits
// INSIDE         no tap points outside of the image, so nothing needs to be zero in its place
// TAP_SKIP       some taps are unused for some z: tapUsed tells
//
// The including file declares a, b, y, bias, and:
//   fn decodeRow(z: u32, m: u32) -> vec3i            what the taps of row m share
//   fn tapShift(tap: u32) -> vec2i                   what a tap's pointers of all rows share: divisions are dear
//   fn tapPointer(row: vec3i, shift: vec2i) -> i32   where k = 0 is in a, negative outside of the image
//   fn tapIndex(z: u32, tap: u32, shift: vec2i) -> u32     which [KC, N] block of b
//   fn tapUsed(z: u32, shift: vec2i) -> bool         with TAP_SKIP
//   fn outputRow(z: u32, m: u32) -> i32              which row of y, negative for none

fn loadA(pointer: i32, step: u32) -> vec4f {
#ifdef INSIDE
  let first = u32(pointer);
#else
  let first = u32(max(pointer, 0));
#endif
#ifdef VEC_A
  let v = a[first + step];
#else
  let at = first + step * KU;
  var v = vec4f();
#for j in 0..KU
  v[$j] = a[at + $j];
#endfor
#endif
#ifdef INSIDE
  return v;
#else
  return select(vec4f(), v, pointer >= 0);
#endif
}

#ifndef VEC_BT
// B's value(s) at row k of the block, from column n on.
fn loadB(block: u32, k: u32, n: u32) -> V {
#ifdef SCALAR_V
#ifdef B_TRANSPOSED
  return b[(block * N + n) * KC + k];
#else
  return b[(block * KC + k) * N + n];
#endif
#else
#ifdef VEC_B
  return b[(block * KC + k) * (N / 4u) + (n >> 2u)];
#else
  var v = V();
#for j in 0..NU
#ifdef B_TRANSPOSED
  v[$j] = b[(block * N + min(n + $j, N - 1)) * KC + k];
#else
  v[$j] = b[(block * KC + k) * N + min(n + $j, N - 1)];
#endif
#endfor
  return v;
#endif
#endif
}
#endif

#include "lib/mac.wgsl"

#include "lib/activate.wgsl"

fn storedRow(z: u32, m: u32) -> i32 { return select(-1, outputRow(z % Z, m), m < M); }

fn store(z: u32, row: i32, n: u32, result: V) {
  if (row < 0 || n >= N) { return; }
  let at = z / Z * Y_SIZE + u32(row) * N + n;
  var v = result;
#ifdef SCALAR_V
#ifdef HAS_BIAS
  v += bias[n];
#endif
  y[at] = activate(v);
#else
#ifdef VEC_Y
#ifdef HAS_BIAS
  v += bias[n >> 2u];
#endif
  y[at >> 2u] = activate(v);
#else
#for j in 0..NU
#ifdef HAS_BIAS
  v[$j] += bias[min(n + $j, N - 1)];
#endif
#endfor
  v = activate(v);
#for j in 0..NU
  if (n + $j < N) {
#ifdef Y_TRANSPOSED
    y[(u32(row) / M * N + n + $j) * M + u32(row) % M] = v[$j];
#else
    y[at + $j] = v[$j];
#endif
  }
#endfor
#endif
#endif
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
#include "lib/tile.wgsl"
  let zz = z % Z;
  let firstStep = z / Z * KSTEPS;
#for i in 0..TM
  let row$i = decodeRow(zz, min(m0 + lane * TM + $i, M - 1));
#for r in 0..ROTATIONS
#for v in 0..NV
  var acc$r_$i_$v = V();
#endfor
#endfor
#endfor
  for (var tap = 0u; tap < TAPS; tap++) {
    let shift = tapShift(tap);
#ifdef TAP_SKIP
    if (tapUsed(zz, shift)) {
#endif
    let block = tapIndex(zz, tap, shift);
#for i in 0..TM
    let p$i = tapPointer(row$i, shift);
#endfor
#ifdef VEC_BT
#for v in 0..NV
#for j in 0..NU
    let q$j_$v = (block * N + min(n$v + $j, N - 1)) * (KC / 4u);
#endfor
#endfor
#endif
    for (var k = 0u; k < KSTEPS; k++) {
      let step = firstStep + k;
#ifdef QUAD
      // On a CPU a load has branches, and LLVM mends its registers in between: all loads come before all products.
#for i in 0..TM
      let a0_$i = loadA(p$i, step);
#endfor
#endif
#for v in 0..NV
#ifdef VEC_BT
#for j in 0..NU
      let t$j_$v = b[q$j_$v + step];
#endfor
#for j in 0..KU
#ifdef SCALAR_V
      let b$j_$v = t0_$v[$j];
#else
      let b$j_$v = V(
#for i in 0..NU
        t$i_$v[$j],
#endfor
      );
#endif
#endfor
#else
#for j in 0..KU
      let b$j_$v = loadB(block, step * KU + $j, n$v);
#endfor
#endif
#endfor
#for i in 0..TM
#ifdef QUAD
      let a1_$i = quadSwapX(a0_$i);
      let a2_$i = quadSwapY(a0_$i);
      let a3_$i = quadSwapDiagonal(a0_$i);
#else
      let a0_$i = loadA(p$i, step);
#endif
#for r in 0..ROTATIONS
#for v in 0..NV
      acc$r_$i_$v = mac(acc$r_$i_$v
#for j in 0..KU
        , a$r_$i[$j], b$j_$v
#endfor
      );
#endfor
#endfor
#endfor
    }
#ifdef TAP_SKIP
    }
#endif
  }
  if (wanted < UNITS) {
#ifdef QUAD
    var results = array<V, RESULTS>(
#for r in 0..ROTATIONS
#for i in 0..TM
#for v in 0..NV
      acc$r_$i_$v,
#endfor
#endfor
#endfor
    );
#include "lib/store_results.wgsl"
#else
#for i in 0..TM
#for v in 0..NV
    store(z, storedRow(z, m0 + $i), first + $v * NU, acc0_$i_$v);
#endfor
#endfor
#endif
  }
}
