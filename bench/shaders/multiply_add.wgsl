// How fast an adapter multiplies and adds: every invocation keeps ACCUMULATORS independent vec4s in registers and sends
// each through r = r a + b, ROUNDS * UNROLL times. With a below and b above 0 they approach b / (1 - a): never a
// denormal, and nothing that a compiler knows.
//
// ACCUMULATORS, UNROLL, ROUNDS   integers
// FUSED                          by fma(), where a compiler would not fuse by itself
#include "lib/index.wgsl"

struct Params { a: f32, b: f32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  let a = vec4f(params.a);
  let b = vec4f(params.b);
#for c in 0..ACCUMULATORS
  var r$c = vec4f(f32(i & 255u) + f32($c));
#endfor
  for (var round = 0u; round < ROUNDS; round++) {
#for u in 0..UNROLL
#for c in 0..ACCUMULATORS
#ifdef FUSED
    r$c = fma(r$c, a, b);
#else
    r$c = r$c * a + b;
#endif
#endfor
#endfor
  }
  let sum = vec4f()
#for c in 0..ACCUMULATORS
    + r$c
#endfor
  ;
  // Never true, but only the host knows.
  if (sum.x < 0.0) { y[0] = sum; }
}
