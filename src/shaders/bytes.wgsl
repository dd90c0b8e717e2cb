// Rows of a table of bytes as floats: y [n, ROW] = scale * byte + shift, row n taken at indices[n], or the nearest one
// there is; NaN where the index is NaN.
//
// ROW      bytes of a row
// COUNT    rows of the table
// T, BITS  f32 and i32, for lib/bits.wgsl
#include "lib/index.wgsl"
#include "lib/bits.wgsl"

struct Params { n: u32, scale: f32, shift: f32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> table: array<u32>;
@group(0) @binding(1) var<storage, read> indices: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
  let index = indices[i / ROW];
  let at = min(u32(index), COUNT - 1) * ROW + i % ROW;
  let byte = (table[at / 4u] >> (8u * (at % 4u))) & 255u;
  y[i] = orNan(params.scale * f32(byte) + params.shift, index);
}
