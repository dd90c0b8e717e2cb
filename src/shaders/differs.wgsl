// Sets flags[slot] where the words of x and y differ. By bits: a NaN is the same as itself, and -0 is not 0.
#include "lib/index.wgsl"

struct Params { n: u32, slot: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> y: array<u32>;
@group(0) @binding(2) var<storage, read_write> flags: array<atomic<u32>>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
  if (x[i] != y[i]) { atomicStore(&flags[params.slot], 1u); }
}
