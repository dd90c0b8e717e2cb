// First pass of a normalisation's gradient: Σ g and Σ g x̂ over r for each group (a, i), g = dy, times gamma where it
// varies inside the group. The results are [A, S, I]. Defines: see lib/norm.wgsl, and
//
// STATS_BY_ROW    the statistics that x̂ uses belong to r, not to (a, i)
// STATS           number of means in stats, in Ts
// WEIGHTED        g = dy gamma[r]
#include "lib/index.wgsl"
#include "lib/norm.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> stats: array<STAT_T>;
@group(0) @binding(2) var<storage, read> dy: array<T>;
@group(0) @binding(3) var<storage, read_write> total: array<T>;
@group(0) @binding(4) var<storage, read_write> totalX: array<T>;
#ifdef WEIGHTED
@group(0) @binding(5) var<storage, read> gamma: array<T>;
#endif
#ifdef SLOPE
@group(0) @binding(5) var<storage, read> gamma: array<T>;
@group(0) @binding(6) var<storage, read> beta: array<T>;
#endif

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
#include "lib/norm_slice.wgsl"
#ifndef STATS_BY_ROW
  let mean = stats[a * I + i];
  let scale = rstd(stats[STATS + a * I + i]);
#endif
#ifdef SLOPE
  let weight = gamma[GAMMA_INDEX];
  let bias = beta[GAMMA_INDEX];
#endif
  var sum = T(0.0);
  var sumX = T(0.0);
  for (var k = 0u; k < STEPS; k++) {
    let r = first + k * S;
    if (r < R) {
      let at = a * (R * I) + r * I + i;
      var g = dy[at];
#ifdef WEIGHTED
      g *= gamma[r];
#endif
#ifdef STATS_BY_ROW
      let mean = T(stats[r]);
      let scale = rstd(T(stats[STATS + r]));
#endif
      let xHat = (x[at] - mean) * scale;
#ifdef SLOPE
      g = activateGrad(g, xHat * weight + bias);
#endif
      sum += g;
      sumX += g * xHat;
    }
  }
  total[id] = sum;
  totalX[id] = sumX;
}
