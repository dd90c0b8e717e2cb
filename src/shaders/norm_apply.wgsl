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
#include "lib/norm_slice.wgsl"
  let mean = stats[a * I + i];
  let scale = rstd(stats[GROUPS + a * I + i]);
#ifdef HAS_GAMMA
#ifndef BY_ELEMENT
  let weight = gamma[GAMMA_INDEX];
  let bias = beta[GAMMA_INDEX];
#endif
#endif
  for (var k = 0u; k < STEPS; k++) {
    let r = first + k * S;
    if (r < R) {
      let at = a * (R * I) + r * I + i;
      var v = (x[at] - mean) * scale;
#ifdef HAS_GAMMA
#ifdef BY_ELEMENT
      v = v * gamma[r] + beta[r];
#else
      v = v * weight + bias;
#endif
#endif
      y[at] = activate(v);
    }
  }
}
