// Spectral normalisation of many weights W [K, C] at once (Miyato et al. 2018, arXiv:1802.05957, algorithm 1): one step
// of the power iteration, then the division.
//   v = W u / |W u|,   u = Wᵀ v / |Wᵀ v|,   σ = uᵀ Wᵀ v = |Wᵀ v|,   y = W / σ
// u is kept from call to call and moves towards the first singular vector. kept: v, u and σ of this call.
//
// EPS         the least norm divided by
// T, BITS     f32 and i32, for lib/bits.wgsl
// LAYERS, COUNT, LANES, SPLIT     as in lib/spectral.wgsl
#include "lib/index.wgsl"
#include "lib/spectral.wgsl"
#include "lib/bits.wgsl"

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> u: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> kept: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
#include "lib/spectral_layer.wgsl"
  let keptU = l.kept + l.rows;

  // v: rows are shared out among the lanes.
  var squares = 0.0;
  for (var k = lane; k < l.rows; k += LANES) {
    var total = 0.0;
    for (var c = 0u; c < l.columns; c++) { total += w[l.w + k * l.columns + c] * u[l.u + c]; }
    kept[l.kept + k] = total;
    squares += total * total;
  }
  let scaleV = 1.0 / max_(sqrt(across(squares, lane)), EPS);
  for (var k = lane; k < l.rows; k += LANES) { kept[l.kept + k] *= scaleV; }
  settle();

  // u: as many columns at once as there are lanes; where there are fewer, several lanes to a column, each with its rows.
  squares = 0.0;
  let width = min(l.columns, LANES);
  let slices = LANES / width;
  let slice = lane / width;
  for (var first = 0u; first < l.columns; first += width) {
    let c = first + lane % width;
    let isReal = slice < slices && c < l.columns;
    var total = 0.0;
    if (isReal) {
      for (var k = slice; k < l.rows; k += slices) { total += w[l.w + k * l.columns + c] * kept[l.kept + k]; }
    }
#ifdef SPLIT
    workgroupBarrier(); // the columns before have been read
    partial[lane] = total;
    workgroupBarrier();
    if (isReal && slice == 0u) {
      for (var s = 1u; s < slices; s++) { total += partial[lane + s * width]; }
    }
#endif
    if (isReal && slice == 0u) {
      kept[keptU + c] = total;
      squares += total * total;
    }
  }
  let size = sqrt(across(squares, lane));
  let scaleU = 1.0 / max_(size, EPS);
  settle();
  for (var c = lane; c < l.columns; c += LANES) {
    let unit = kept[keptU + c] * scaleU;
    kept[keptU + c] = unit;
    u[l.u + c] = unit;
  }
  let sigma = max_(size * (size * scaleU), EPS);
  if (lane == 0u) { kept[keptU + l.columns] = sigma; }

  for (var i = lane; i < l.padded; i += LANES) {
    var value = 0.0;
    if (i < l.rows * l.columns) { value = w[l.w + i] / sigma; }
    y[l.y + i] = value;
  }
}
