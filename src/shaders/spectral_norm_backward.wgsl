// The gradient of spectral_norm.wgsl by the weights, u and v being constants: with y = W / σ and σ = vᵀ W u,
//   dW = (dy - ⟨dy, y⟩ v uᵀ) / σ
// (arXiv:1802.05957, equation 12).
//
// LAYERS, COUNT, LANES, SPLIT     as in lib/spectral.wgsl
#include "lib/index.wgsl"
#include "lib/spectral.wgsl"

@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> kept: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
#include "lib/spectral_layer.wgsl"
  let size = l.rows * l.columns;

  var total = 0.0;
  for (var i = lane; i < size; i += LANES) { total += dy[l.y + i] * y[l.y + i]; }
  let inner = across(total, lane);

  let keptU = l.kept + l.rows;
  let sigma = kept[keptU + l.columns];
  for (var i = lane; i < l.padded; i += LANES) {
    var value = 0.0;
    if (i < size) {
      value = (dy[l.y + i] - inner * kept[l.kept + i / l.columns] * kept[keptU + i % l.columns]) / sigma;
    }
    dw[l.y + i] = value;
  }
}
