// What follows a conv in a layer of StyleGAN's synthesis network (arXiv:1812.04948, figure 1b and equation 1):
//   v = leaky(x + noiseScale[c] noise[n, r] + bias[c]),   y = scale[n, c] (v - mean) / sqrt(variance + eps) + shift[n, c]
// x [N, R, C], mean and variance of v over r. Memory is read once and written once: the second and third pass over a
// plane find x in the cache. kept [5, N, C] is what the backward kernel needs of a plane: mean of v, 1 / deviation,
// scale, noiseScale, bias.
//
// NOISE_N     values of noise per sample: R, or 0 when all share them
// EPS         added to the variance
// SLOPE, RELU, BITS     as in lib/activate.wgsl
// T, R, C, LANES, STEPS, COLUMNS, SPLIT     as in lib/plane.wgsl
#include "lib/index.wgsl"
#include "lib/plane.wgsl"
#include "lib/activate.wgsl"

struct Params { planes: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> noise: array<f32>;
@group(0) @binding(2) var<storage, read> noiseScale: array<T>;
@group(0) @binding(3) var<storage, read> bias: array<T>;
@group(0) @binding(4) var<storage, read> style: array<T>;
@group(0) @binding(5) var<storage, read_write> y: array<T>;
@group(0) @binding(6) var<storage, read_write> kept: array<T>;

fn activated(p: Plane, r: u32) -> T {
  return activate(x[(p.n * R + r) * C + p.c] + noiseScale[p.c] * noise[p.n * NOISE_N + r] + bias[p.c]);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let p = planeOf(group.y * groups.x + group.x, local, params.planes);

  // Shifted by the first value, so that a large common offset costs no digits.
  let first = activated(p, 0);
  var total = T(0.0);
  for (var k = 0u; k < STEPS; k++) {
    let r = p.lane + k * LANES;
    if (r < R) { total += activated(p, r) - first; }
  }
  let centre = across(total, local) / f32(R);

  var squares = T(0.0);
  for (var k = 0u; k < STEPS; k++) {
    let r = p.lane + k * LANES;
    if (r < R) {
      let d = (activated(p, r) - first) - centre;
      squares += d * d;
    }
  }
  let rstd = 1.0 / sqrt(across(squares, local) / f32(R) + EPS);

  if (!p.real) { return; }
  let scale = style[p.n * (2 * C) + p.c];
  let shift = style[p.n * (2 * C) + C + p.c];
  for (var k = 0u; k < STEPS; k++) {
    let r = p.lane + k * LANES;
    if (r < R) {
      y[(p.n * R + r) * C + p.c] = ((activated(p, r) - first) - centre) * rstd * scale + shift;
    }
  }
  if (p.lane == 0) {
    let at = p.n * C + p.c;
    kept[at] = first + centre;
    kept[params.planes + at] = rstd;
    kept[2 * params.planes + at] = scale;
    kept[3 * params.planes + at] = noiseScale[p.c];
    kept[4 * params.planes + at] = bias[p.c];
  }
}
