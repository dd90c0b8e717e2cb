// Mean and variance over the middle axis of x [A, R, I], without the cancellation of E[x²] - E[x]²: slice s takes
// r = s, s+S, ... in two passes (mean, then squared deviations), and the slices are merged by Chan's formula.
// MERGE: x holds the slices' results, [2, A, S, I], and R counts the values behind them.
//
// T, R, I      as in lib/norm.wgsl
// S, STEPS     slices, ceil(R / S)
// GROUPS       A I, in Ts
// RUNNING      running statistics move by `momentum` towards these; `unbias`, n / (n - 1), makes the variance unbiased
#include "lib/index.wgsl"

struct Params { n: u32, momentum: f32, unbias: f32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> stats: array<T>;
#ifdef RUNNING
@group(0) @binding(2) var<storage, read_write> runningMean: array<T>;
@group(0) @binding(3) var<storage, read_write> runningVariance: array<T>;
#endif

fn finish(id: u32, mean: T, variance: T) {
  stats[id] = mean;
  stats[GROUPS + id] = variance;
#ifdef RUNNING
  runningMean[id] += params.momentum * (mean - runningMean[id]);
  runningVariance[id] += params.momentum * (variance * params.unbias - runningVariance[id]);
#endif
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = globalIndex(group, groups, local);
  if (id >= params.n) { return; }
#ifdef MERGE
  let base = id / I * (S * I) + id % I;
  // Means are taken from the first slice's, so that adding them up costs no digits of a large common offset.
  let shift = x[base];
  var count = 0.0;
  var mean = T(0.0);
  var m2 = T(0.0);
  for (var s = 0u; s < S; s++) {
    let more = f32((R - s + S - 1) / S);
    let delta = (x[base + s * I] - shift) - mean;
    let total = count + more;
    m2 += x[GROUPS * S + base + s * I] + delta * delta * (count * more / total);
    mean += delta * (more / total);
    count = total;
  }
  finish(id, shift + mean, m2 / f32(R));
#else
  let lane = id % (S * I);
  let base = id / (S * I) * (R * I) + lane;
  let first = lane / I;
  let count = f32((R - first + S - 1) / S);
  // Shifted by the first value, so that a large common offset costs no digits.
  let shift = x[base];
  var sum = T(0.0);
  for (var k = 0u; k < STEPS; k++) {
    if (first + k * S < R) { sum += x[base + k * (S * I)] - shift; }
  }
  let centre = sum / count;
  var m2 = T(0.0);
  for (var k = 0u; k < STEPS; k++) {
    if (first + k * S < R) {
      let d = (x[base + k * (S * I)] - shift) - centre;
      m2 += d * d;
    }
  }
#ifdef WHOLE
  finish(id, shift + centre, m2 / count);
#else
  stats[id] = shift + centre;
  stats[GROUPS * S + id] = m2;
#endif
#endif
}
