// Reflection padding of the middle axis: x [O, L, I] -> y [O, BEFORE + L + AFTER, I], mirrored about the end values
// (which are not repeated). ADJOINT: the transpose, which adds each mirrored value back to its source.
//
// L, P, I          sizes, P = BEFORE + L + AFTER
// BEFORE, AFTER    at most L - 1
#include "lib/index.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
  let inner = i % I;
#ifdef ADJOINT
  let l = (i / I) % L;
  let base = i / (I * L) * P;
  var sum = x[(base + BEFORE + l) * I + inner];
  if (l >= 1 && l <= BEFORE) { sum += x[(base + BEFORE - l) * I + inner]; }
  if (l + 1 < L && l + 1 + AFTER >= L) { sum += x[(base + BEFORE + 2 * (L - 1) - l) * I + inner]; }
  y[i] = sum;
#else
  let p = abs(i32((i / I) % P) - BEFORE);
  let l = select(p, 2 * (L - 1) - p, p >= L);
  y[i] = x[(i / (I * P) * L + u32(l)) * I + inner];
#endif
}
