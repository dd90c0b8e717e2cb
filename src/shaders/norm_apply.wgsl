// y = gamma (x - mean) / sqrt(variance + eps) + beta, in one read and one write. Defines: see lib/norm.wgsl, and
//
// GROUPS      A I, in Ts
#include "lib/index.wgsl"
#include "lib/norm.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> stats: array<T>;
@group(0) @binding(2) var<storage, read_write> y: array<T>;
#ifdef HAS_GAMMA
@group(0) @binding(3) var<storage, read> gamma: array<T>;
@group(0) @binding(4) var<storage, read> beta: array<T>;
#endif

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = globalIndex(group, groups, local);
  if (id >= params.n) { return; }
  let i = id % I;
  let r = id / I % R;
  let a = id / (I * R);
  let at = a * I + i;
  var v = (x[id] - stats[at]) * rstd(stats[GROUPS + at]);
#ifdef HAS_GAMMA
  v = v * gamma[GAMMA_INDEX] + beta[GAMMA_INDEX];
#endif
#ifdef SLOPE
  y[id] = activate(v);
#else
  y[id] = v;
#endif
}
