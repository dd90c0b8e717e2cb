// Rows of a table by index: y [n, C] = x [rows, C] at indices [n]; zeros where one is out of range, NaN where it is NaN.
// SCATTER: the transpose, y [rows, C] = sum of the rows x [n, C] whose index is the row's, in order.
// ONE_HOT: y [n, C] = 1 where c is the index.
//
// C      columns
// ROWS   rows of the table
// COUNT  indices
// T, BITS     f32 and i32, for lib/bits.wgsl
#include "lib/index.wgsl"
#include "lib/bits.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> indices: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
#ifndef ONE_HOT
@group(0) @binding(2) var<storage, read> x: array<f32>;
#endif

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = globalIndex(group, groups, local);
  if (id >= params.n) { return; }
  let row = id / C;
  let c = id % C;
#ifdef ONE_HOT
  y[id] = orNan(select(0.0, 1.0, i32(indices[row]) == i32(c)), indices[row]);
#else
#ifdef SCATTER
  var sum = 0.0;
  for (var k = 0u; k < COUNT; k++) {
    if (sizeBits(indices[k]) <= INFINITE && i32(indices[k]) == i32(row)) { sum += x[k * C + c]; }
  }
  y[id] = sum;
#else
  let index = i32(indices[row]);
  let inside = (index >= 0) & (index < ROWS);
  y[id] = orNan(select(0.0, x[u32(clamp(index, 0, ROWS - 1)) * C + c], inside), indices[row]);
#endif
#endif
}
