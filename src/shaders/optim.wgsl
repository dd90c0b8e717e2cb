// One step of an optimiser over all of its parameters, laid end to end: PyTorch's formulas.
//   SGD       v = momentum v + g;  p -= lr v
//   RMSPROP   v = alpha v + (1 - alpha) g²;  p -= lr g / (sqrt(v) + eps)
//   ADAM      m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g²;
//             p -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
//   CLIP      p = clamp(p, -rate, rate)         (T and BITS as in lib/bits.wgsl)
//   EMA       p = decay p + (1 - decay) g       (g the live parameters, p their average)
#include "lib/index.wgsl"
#ifdef CLIP
#include "lib/bits.wgsl"
#endif

// rate: lr, or Adam's lr / (1 - beta1^t); correction: Adam's sqrt(1 - beta2^t); decay: momentum, alpha, beta1 or decay
// rest, rest2: 1 - decay and 1 - decay2, which f32 would round
struct Params { n: u32, rate: f32, decay: f32, decay2: f32, rest: f32, rest2: f32, eps: f32, correction: f32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read_write> p: array<vec4f>;
#ifndef CLIP
@group(0) @binding(1) var<storage, read> g: array<vec4f>;
#ifndef EMA
@group(0) @binding(2) var<storage, read_write> v: array<vec4f>;
#endif
#endif
#ifdef ADAM
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;
#endif

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
#ifdef CLIP
  p[i] = clamp_(p[i], vec4f(-params.rate), vec4f(params.rate));
#else
  let d = g[i];
#endif
#ifdef SGD
  let velocity = params.decay * v[i] + d;
  v[i] = velocity;
  p[i] -= params.rate * velocity;
#endif
#ifdef RMSPROP
  let square = params.decay * v[i] + params.rest * d * d;
  v[i] = square;
  p[i] -= params.rate * d / (sqrt(square) + params.eps);
#endif
#ifdef ADAM
  let mean = params.decay * m[i] + params.rest * d;
  let square = params.decay2 * v[i] + params.rest2 * d * d;
  m[i] = mean;
  v[i] = square;
  p[i] -= params.rate * mean / (sqrt(square) / params.correction + params.eps);
#endif
#ifdef EMA
  p[i] = params.decay * p[i] + params.rest * d;
#endif
}
