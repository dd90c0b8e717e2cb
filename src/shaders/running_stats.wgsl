// Batch norm's running statistics: each moves by `momentum` towards the batch's. stats [2, C]: means, biased variances;
// params.unbias = n / (n - 1) makes the variance unbiased, as in PyTorch.
#include "lib/index.wgsl"

struct Params { n: u32, momentum: f32, unbias: f32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> stats: array<f32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> variance: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = globalIndex(group, groups, local);
  if (c >= params.n) { return; }
  mean[c] += params.momentum * (stats[c] - mean[c]);
  variance[c] += params.momentum * (stats[params.n + c] * params.unbias - variance[c]);
}
