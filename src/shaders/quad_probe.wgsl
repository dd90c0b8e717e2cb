// Which invocations a quad's swaps reach, seen from each: 10000 times the X neighbour, 100 times Y, once the diagonal.
enable subgroups;
#include "lib/index.wgsl"

@group(0) @binding(0) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  y[i] = f32(quadSwapX(i) * 10000u + quadSwapY(i) * 100u + quadSwapDiagonal(i));
}
