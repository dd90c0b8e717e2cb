// Random numbers: invocation i makes y[4i .. 4i+3] from Philox's block (params.block + i) under the seed.
//
// NORMAL      standard normal by Box and Muller
// UNIFORM     uniform in [low, low + range), last being the largest number in it
// INTEGER     whole numbers in [0, range)
// (none)      the words themselves, for tests
#include "lib/index.wgsl"
#include "lib/philox.wgsl"
#include "lib/math.wgsl"

struct Params { n: u32, seed: u32, blockLow: u32, blockHigh: u32, low: f32, range: f32, last: f32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;

// [0, 1) in steps of 2^-24, each exact in f32
fn unit(words: vec4u) -> vec4f { return vec4f(words >> vec4u(8u)) * (1.0 / 16777216.0); }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
  let low = params.blockLow + i;
  let carry = select(0u, 1u, low < i);
  let words = philox(vec4u(low, params.blockHigh + carry, 0u, 0u), vec2u(params.seed, 0u));
#ifdef NORMAL
  // u in (0, 1], so that the logarithm is finite; its rounding may take it above 0 near 1. WGSL's own: that of
  // lib/math.wgsl, which is more precise, would change the numbers of every seed.
  let u = unit(words) + 1.0 / 33554432.0;
  let radius = sqrt(max(-2.0 * log(u.xy), vec2f()));
  let angle = 6.283185307179586 * u.zw;
  y[i] = radius.xyxy * cos_(vec4f(angle, angle - 1.5707963267948966));
#else
#ifdef UNIFORM
  y[i] = min(params.low + params.range * unit(words), vec4f(params.last));
#else
#ifdef INTEGER
  y[i] = min(floor(unit(words) * params.range), vec4f(params.range - 1.0));
#else
  y[i] = bitcast<vec4f>(words);
#endif
#endif
#endif
}
