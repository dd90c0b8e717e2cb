// Second pass of a normalisation's gradient: dx = (g - (Σ g + x̂ Σ g x̂) / R) / sqrt(variance + eps), g = gamma dy.
// Defines: see lib/norm.wgsl, and
//
// GROUPS        A I, in Ts
// GAMMA_OUTSIDE gamma is constant in a group, and the sums are of dy alone
#include "lib/index.wgsl"
#include "lib/norm.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> stats: array<T>;
@group(0) @binding(2) var<storage, read> dy: array<T>;
@group(0) @binding(3) var<storage, read> total: array<T>;
@group(0) @binding(4) var<storage, read> totalX: array<T>;
@group(0) @binding(5) var<storage, read_write> dx: array<T>;
#ifdef HAS_GAMMA
@group(0) @binding(6) var<storage, read> gamma: array<T>;
#endif
#ifdef SLOPE
@group(0) @binding(7) var<storage, read> beta: array<T>;
#endif

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = globalIndex(group, groups, local);
  if (id >= params.n) { return; }
  let i = id % I;
  let r = id / I % R;
  let a = id / (I * R);
  let at = a * I + i;
  let scale = rstd(stats[GROUPS + at]);
  let xHat = (x[id] - stats[at]) * scale;
  var g = dy[id];
#ifdef SLOPE
  g = activateGrad(g, xHat * gamma[GAMMA_INDEX] + beta[GAMMA_INDEX]);
#endif
#ifdef GAMMA_OUTSIDE
  dx[id] = (g - (total[at] + xHat * totalX[at]) / f32(R)) * scale * gamma[GAMMA_INDEX];
#else
#ifdef HAS_GAMMA
  g *= gamma[GAMMA_INDEX];
#endif
  dx[id] = (g - (total[at] + xHat * totalX[at]) / f32(R)) * scale;
#endif
}
