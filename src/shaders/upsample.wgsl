// Upsampling of x [N, H, W, C] by whole factors SH, SW: y [N, H SH, W SW, C]; pixel centres as in PyTorch with
// align_corners=False. ADJOINT: the transpose, from the large size back to the small.
//
// H, W, C, SH, SW     sizes and factors (i32)
// BILINEAR            else nearest
#include "lib/index.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

// How much input position i of `size` contributes to output position o.
fn weight(o: i32, i: i32, scale: i32, size: i32) -> f32 {
#ifdef BILINEAR
  let at = clamp((f32(o) + 0.5) / f32(scale) - 0.5, 0.0, f32(size - 1));
  return max(0.0, 1.0 - abs(at - f32(i)));
#else
  return select(0.0, 1.0, o / scale == i);
#endif
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = i32(globalIndex(group, groups, local));
  if (id >= i32(params.n)) { return; }
  let c = id % C;
  let pixel = id / C;
  var sum = 0.0;
#ifdef ADJOINT
  let ix = pixel % W;
  let iy = pixel / W % H;
  let image = pixel / (W * H);
  for (var dy = 0; dy < 3 * SH; dy++) {
    let oy = (iy - 1) * SH + dy;
    if (oy < 0 || oy >= H * SH) { continue; }
    for (var dx = 0; dx < 3 * SW; dx++) {
      let ox = (ix - 1) * SW + dx;
      if (ox < 0 || ox >= W * SW) { continue; }
      sum += weight(oy, iy, SH, H) * weight(ox, ix, SW, W) * x[((image * H * SH + oy) * W * SW + ox) * C + c];
    }
  }
#else
  let ox = pixel % (W * SW);
  let oy = pixel / (W * SW) % (H * SH);
  let image = pixel / (W * SW * H * SH);
  // The two candidates per axis: the pixel left of the centre and the next.
#ifdef BILINEAR
  let firstX = (2 * ox + 1 - SW + 2 * SW) / (2 * SW) - 1;
  let firstY = (2 * oy + 1 - SH + 2 * SH) / (2 * SH) - 1;
  for (var dy = 0; dy < 2; dy++) {
    for (var dx = 0; dx < 2; dx++) {
      let iy = clamp(firstY + dy, 0, H - 1);
      let ix = clamp(firstX + dx, 0, W - 1);
      let inside = (firstY + dy == iy) & (firstX + dx == ix);
      let w = weight(oy, iy, SH, H) * weight(ox, ix, SW, W);
      sum += select(0.0, w * x[((image * H + iy) * W + ix) * C + c], inside);
    }
  }
#else
  sum = x[((image * H + oy / SH) * W + ox / SW) * C + c];
#endif
#endif
  y[id] = sum;
}
