// How fast memory is read and written: every invocation takes PER vec4s, a grid apart, so that neighbours are neighbours.
//
// PER      vec4s of an invocation; n is a multiple of it
// COPY     y = x
// READ     x is summed, and the sum not written
// WRITE    y = a number
#include "lib/index.wgsl"

struct Params { n: u32, value: f32 }
@group(1) @binding(0) var<uniform> params: Params;
#ifndef WRITE
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
#endif
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  let stride = params.n / PER;
  if (i >= stride) { return; }
#ifdef READ
  var sum = vec4f();
#for k in 0..PER
  sum += x[i + $k * stride];
#endfor
  // Never true, but only the host knows.
  if (sum.x == params.value) { y[0] = sum; }
#endif
#ifdef COPY
#for k in 0..PER
  y[i + $k * stride] = x[i + $k * stride];
#endfor
#endif
#ifdef WRITE
#for k in 0..PER
  y[i + $k * stride] = vec4f(params.value);
#endfor
#endif
}
