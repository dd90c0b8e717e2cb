// Pixel normalisation of x [ROWS, C]: y = x s, s = 1 / sqrt(mean over c of x² + eps). An invocation owns a row.
// BACKWARD: dx = s dy - x s³ / C Σ x dy.
//
// T      f32, or vec4f along C
// C      length of a row, in Ts; CHANNELS the same in values
// EPS    added to the mean square
#include "lib/index.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;
#ifdef BACKWARD
@group(0) @binding(2) var<storage, read> dy: array<T>;
#endif

fn total(v: T) -> f32 {
#ifdef VECTOR
  return dot(v, T(1.0));
#else
  return v;
#endif
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = globalIndex(group, groups, local);
  if (row >= params.n) { return; }
  var squares = T(0.0);
  for (var c = 0u; c < C; c++) { squares += x[row * C + c] * x[row * C + c]; }
  let s = 1.0 / sqrt(total(squares) / CHANNELS + EPS);
#ifdef BACKWARD
  var products = T(0.0);
  for (var c = 0u; c < C; c++) { products += x[row * C + c] * dy[row * C + c]; }
  let t = s * s * s * total(products) / CHANNELS;
  for (var c = 0u; c < C; c++) { y[row * C + c] = dy[row * C + c] * s - x[row * C + c] * t; }
#else
  for (var c = 0u; c < C; c++) { y[row * C + c] = x[row * C + c] * s; }
#endif
}
