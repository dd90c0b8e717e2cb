// y = x of [N, H, W, C] filtered by [1, 2, 1] / 4 both ways, zeros outside of the image. Its own gradient. An invocation
// walks along STRIP pixels of a line and keeps the vertical sums of three columns: three loads a pixel, not nine.
//
// T             f32, or vec4f along C
// H, W, C       sizes (i32, C in Ts)
// STRIP, STRIPS pixels of a strip, strips of a line (i32)
#include "lib/index.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;

// Of pixel `column` of a line that begins at `line`; `above` and `below` say whether there are lines there. What is not
// there is chosen away, not multiplied by 0, which would make NaN of an infinity.
fn verticalSum(line: i32, column: i32, above: bool, below: bool) -> T {
  let at = line + clamp(column, 0, W - 1) * C;
  let up = select(T(0.0), x[at - select(0, W * C, above)], above);
  let down = select(T(0.0), x[at + select(0, W * C, below)], below);
  return select(T(0.0), 2.0 * x[at] + up + down, (column >= 0) & (column < W));
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = i32(globalIndex(group, groups, local));
  if (id >= i32(params.n)) { return; }
  let first = id / C % STRIPS * STRIP;
  let row = id / (C * STRIPS);
  let line = row * (W * C) + id % C;
  let above = row % H > 0;
  let below = row % H < H - 1;
  var left = verticalSum(line, first - 1, above, below);
  var middle = verticalSum(line, first, above, below);
  for (var k = 0; k < STRIP; k++) {
    let column = first + k;
    if (column < W) {
      let right = verticalSum(line, column + 1, above, below);
      y[line + column * C] = (left + 2.0 * middle + right) / 16.0;
      left = middle;
      middle = right;
    }
  }
}
