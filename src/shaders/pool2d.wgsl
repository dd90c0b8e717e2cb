// Pooling of [N, H, W, C] to [N, HO, WO, C] by windows KH x KW. One file, five forms:
//   AVERAGE            y[o] = sum of its window / (KH KW), zeros outside of the image
//   AVERAGE, ADJOINT   y[i] = sum over the windows that hold i / (KH KW)
//   MAX                y[o] = largest of its window, or its last NaN; which[o] = its place in the window (the first at ties)
//   PICK               y[o] = x at the place which[o]
//   PICK, ADJOINT      y[i] = sum of the x[o] whose place is i
//
// T, BITS                                     f32, or (but for PICK alone) vec4f along C
// H, W, HO, WO, C, KH, KW, SH, SW, PT, PL     sizes (C in Ts), stride, padding (i32)
#include "lib/index.wgsl"
#include "lib/bits.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;
#ifdef MAX
@group(0) @binding(2) var<storage, read_write> which: array<T>;
#endif
#ifdef PICK
@group(0) @binding(2) var<storage, read> which: array<T>;
#endif

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = i32(globalIndex(group, groups, local));
  if (id >= i32(params.n)) { return; }
  let c = id % C;
  let pixel = id / C;
#ifdef ADJOINT
  let ix = pixel % W;
  let iy = pixel / W % H;
  let image = pixel / (W * H);
  var sum = T(0.0);
  for (var ky = 0; ky < KH; ky++) {
    let ty = iy + PT - ky;
    if (ty < 0 || ty % SH != 0 || ty / SH >= HO) { continue; }
    for (var kx = 0; kx < KW; kx++) {
      let tx = ix + PL - kx;
      if (tx < 0 || tx % SW != 0 || tx / SW >= WO) { continue; }
      let o = ((image * HO + ty / SH) * WO + tx / SW) * C + c;
#ifdef PICK
      sum += select(T(0.0), x[o], which[o] == T(f32(ky * KW + kx)));
#else
      sum += x[o];
#endif
    }
  }
#ifdef PICK
  y[id] = sum;
#else
  y[id] = sum / f32(KH * KW);
#endif
#else
  let oy = pixel / WO % HO;
  let ox = pixel % WO;
  let image = pixel / (WO * HO);
#ifdef PICK
  let place = i32(which[id]);
  y[id] = x[((image * H + oy * SH - PT + place / KW) * W + ox * SW - PL + place % KW) * C + c];
#else
#ifdef MAX
  var best = T(0.0);
  var place = T(-1.0);
#else
  var sum = T(0.0);
#endif
  for (var ky = 0; ky < KH; ky++) {
    let iy = oy * SH - PT + ky;
    if (iy < 0 || iy >= H) { continue; }
    for (var kx = 0; kx < KW; kx++) {
      let ix = ox * SW - PL + kx;
      if (ix < 0 || ix >= W) { continue; }
      let v = x[((image * H + iy) * W + ix) * C + c];
#ifdef MAX
      let isNan = sizeBits(v) > INFINITE;
      let isBetter = (place < T(0.0)) | isNan | ((v > best) & (sizeBits(best) <= INFINITE));
      best = select(best, v, isBetter);
      place = select(place, T(f32(ky * KW + kx)), isBetter);
#else
      sum += v;
#endif
    }
  }
#ifdef MAX
  y[id] = best;
  which[id] = place;
#else
  y[id] = sum / f32(KH * KW);
#endif
#endif
#endif
}
