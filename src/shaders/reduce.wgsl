// One stage of a reduction over the middle axis of x [O, R, I] -> y [O, S, I]: slice s takes r = s, s+S, s+2S, ...
// Interleaved, so that neighbouring invocations read neighbouring values for any I, and each sums at most STEPS values.
//
// T          f32, or vec4f along I
// R, S, I    sizes, I in Ts
// STEPS      ceil(R / S)
// IDENTITY   of the reduction; left out, it begins with the first value
// COMBINE    in acc and x
// BITS       as in lib/bits.wgsl
// ACROSS     its first four values are reduced to one: y is f32 where x is vec4f
// SQUARED    of the squares of x
// ROOT       y is the root of the result
// HAS_BIAS   y += bias, one for the last BIAS Ts
#include "lib/index.wgsl"
#include "lib/bits.wgsl"

struct Params { n: u32, scale: f32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
#ifdef ACROSS
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
#else
@group(0) @binding(1) var<storage, read_write> y: array<T>;
#endif
#ifdef HAS_BIAS
@group(0) @binding(2) var<storage, read> bias: array<T>;
#endif

fn combine(acc: T, x: T) -> T { return COMBINE; }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
  let lane = i % (S * I);
  let base = i / (S * I) * (R * I) + lane;
  let first = lane / I;
#ifdef IDENTITY
  var acc = T(IDENTITY);
#else
  var acc = x[base];
#endif
  for (var k = 0u; k < STEPS; k++) {
    if (first + k * S < R) {
      let v = x[base + k * (S * I)];
#ifdef SQUARED
      acc = combine(acc, v * v);
#else
      acc = combine(acc, v);
#endif
    }
  }
#ifdef ACROSS
  let halves = combine(acc, acc.zwxy);
  let result = combine(halves, halves.yxwz).x * params.scale;
#else
  let result = acc * params.scale;
#endif
#ifdef ROOT
  y[i] = sqrt(result);
#else
#ifdef HAS_BIAS
  y[i] = result + bias[i % BIAS];
#else
  y[i] = result;
#endif
#endif
}
