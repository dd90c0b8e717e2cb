// Upsampling of x [N, H, W, C] by whole factors SH, SW: y [N, H SH, W SW, C]; pixel centres as in PyTorch with
// align_corners=False. ADJOINT: the transpose, from the large size back to the small.
//
// T                   f32, or vec4f along C
// H, W, C, SH, SW     sizes and factors (i32), C in Ts
// BILINEAR            else nearest
// REACH               blocks of outputs, per axis, that an input reaches: 3, or 1 where nearest
#include "lib/index.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;

// Where the centre of output position o lies among the input's positions.
fn place(o: i32, scale: i32, size: i32) -> f32 {
  return clamp((f32(o) + 0.5) / f32(scale) - 0.5, 0.0, f32(size - 1));
}

// How much input position i of `size` contributes to output position o.
fn weight(o: i32, i: i32, scale: i32, size: i32) -> f32 {
#ifdef BILINEAR
  return max(0.0, 1.0 - abs(place(o, scale, size) - f32(i)));
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
  var sum = T(0.0);
#ifdef ADJOINT
  let ix = pixel % W;
  let iy = pixel / W % H;
  let image = pixel / (W * H);
  for (var dy = 0; dy < REACH * SH; dy++) {
    let oy = (iy - REACH / 2) * SH + dy;
    if (oy < 0 || oy >= H * SH) { continue; }
    for (var dx = 0; dx < REACH * SW; dx++) {
      let ox = (ix - REACH / 2) * SW + dx;
      if (ox < 0 || ox >= W * SW) { continue; }
      let share = weight(oy, iy, SH, H) * weight(ox, ix, SW, W);
      // 0 times an infinity would be NaN
      if (share != 0.0) { sum += share * x[((image * H * SH + oy) * W * SW + ox) * C + c]; }
    }
  }
#else
  let ox = pixel % (W * SW);
  let oy = pixel / (W * SW) % (H * SH);
  let image = pixel / (W * SW * H * SH);
#ifdef BILINEAR
  let aty = place(oy, SH, H);
  let atx = place(ox, SW, W);
  let y0 = i32(aty);
  let x0 = i32(atx);
  let line0 = (image * H + y0) * W;
  let line1 = (image * H + min(y0 + 1, H - 1)) * W;
  let x1 = min(x0 + 1, W - 1);
  let top = mix(x[(line0 + x0) * C + c], x[(line0 + x1) * C + c], T(fract(atx)));
  let bottom = mix(x[(line1 + x0) * C + c], x[(line1 + x1) * C + c], T(fract(atx)));
  sum = mix(top, bottom, T(fract(aty)));
#else
  sum = x[((image * H + oy / SH) * W + ox / SW) * C + c];
#endif
#endif
  y[id] = sum;
}
