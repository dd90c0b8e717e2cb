// Writes x [outer, A, inner] as rows START..START+A of y [outer, TOTAL, inner].
//
// BLOCK     A * inner
// Y_BLOCK   TOTAL * inner
// Y_START   START * inner
#include "lib/index.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
  y[i / BLOCK * Y_BLOCK + Y_START + i % BLOCK] = x[i];
}
