// The gradients of style_layer.wgsl, x and dy read once and dx written once. With v̂ = (v - mean) / deviation:
//   dscale = Σ dy v̂,   dshift = Σ dy                                              (over r)
//   du = slope(u) scale / deviation (dy - (dshift + v̂ dscale) / R),   dx = du
//   dbias[n, c] = Σ du,   dnoiseScale[n, c] = Σ du noise                           (to be added up over n)
// kept as style_layer.wgsl writes it; dstyle [N, 2 C] is dscale, then dshift, of each sample.
//
// NOISE_N, SLOPE, RELU, BITS                as in style_layer.wgsl
// T, R, C, LANES, STEPS, COLUMNS, SPLIT     as in lib/plane.wgsl
#include "lib/index.wgsl"
#include "lib/plane.wgsl"
#include "lib/activate.wgsl"

struct Params { planes: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> noise: array<f32>;
@group(0) @binding(2) var<storage, read> kept: array<T>;
@group(0) @binding(3) var<storage, read> dy: array<T>;
@group(0) @binding(4) var<storage, read_write> dx: array<T>;
@group(0) @binding(5) var<storage, read_write> dstyle: array<T>;
@group(0) @binding(6) var<storage, read_write> dbias: array<T>;
@group(0) @binding(7) var<storage, read_write> dnoiseScale: array<T>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let p = planeOf(group.y * groups.x + group.x, local, params.planes);
  let plane = p.n * C + p.c;
  let mean = kept[plane];
  let rstd = kept[params.planes + plane];
  let scale = kept[2 * params.planes + plane];
  let noiseScale = kept[3 * params.planes + plane];
  let bias = kept[4 * params.planes + plane];

  var sumX = T(0.0);
  var sum = T(0.0);
  for (var k = 0u; k < STEPS; k++) {
    let r = p.lane + k * LANES;
    if (r < R) {
      let at = (p.n * R + r) * C + p.c;
      let u = x[at] + noiseScale * noise[p.n * NOISE_N + r] + bias;
      let g = dy[at];
      sum += g;
      sumX += g * (activate(u) - mean) * rstd;
    }
  }
  let dshift = across(sum, local);
  let dscale = across(sumX, local);

  var sumU = T(0.0);
  var sumNoise = T(0.0);
  for (var k = 0u; k < STEPS; k++) {
    let r = p.lane + k * LANES;
    if (r < R) {
      let at = (p.n * R + r) * C + p.c;
      let z = noise[p.n * NOISE_N + r];
      let u = x[at] + noiseScale * z + bias;
      let slope = activateGrad(T(1.0), u);
      let vHat = (activate(u) - mean) * rstd;
      let du = slope * scale * rstd * (dy[at] - (dshift + vHat * dscale) / f32(R));
      if (p.real) { dx[at] = du; }
      sumU += du;
      sumNoise += du * z;
    }
  }
  let totalU = across(sumU, local);
  let totalNoise = across(sumNoise, local);
  if (p.real && p.lane == 0) {
    dstyle[p.n * (2 * C) + p.c] = dscale;
    dstyle[p.n * (2 * C) + C + p.c] = dshift;
    dbias[plane] = totalU;
    dnoiseScale[plane] = totalNoise;
  }
}
