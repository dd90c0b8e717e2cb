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
#include "lib/norm_slice.wgsl"
  let own = a * I + i;
  let mean = stats[own];
  let scale = rstd(stats[GROUPS + own]);
  let meanG = total[own] / f32(R);
  let meanGX = totalX[own] / f32(R);
#ifdef GAMMA_OUTSIDE
  let weight = gamma[GAMMA_INDEX];
  let outside = scale * weight;
#else
  let outside = scale;
#endif
#ifdef SLOPE
  let bias = beta[GAMMA_INDEX];
#endif
  for (var k = 0u; k < STEPS; k++) {
    let r = first + k * S;
    if (r < R) {
      let at = a * (R * I) + r * I + i;
      let xHat = (x[at] - mean) * scale;
      var g = dy[at];
#ifdef SLOPE
      g = activateGrad(g, xHat * weight + bias);
#endif
#ifdef BY_ELEMENT
      g *= gamma[r];
#endif
      dx[at] = (g - (meanG + xHat * meanGX)) * outside;
    }
  }
}
