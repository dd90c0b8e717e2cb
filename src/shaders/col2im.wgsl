// y [n, HO, WO, C]: what the taps of a transposed conv leave. p [n, H, W, KH, KW, C] holds for every input pixel its
// product with every tap; each output adds up those that fall on it, in a fixed order, and a bias.
//
// H, W, HO, WO, C, KH, KW  sizes (i32)
// SH, SW, PT, PL           stride, padding at the top and left (i32)
// TH, TW                   taps that fall on an output at most, ceil(KH / SH), ceil(KW / SW)
// HAS_BIAS                 y += bias[c]
#include "lib/index.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> p: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
#ifdef HAS_BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#endif

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let at = globalIndex(group, groups, local);
  if (at >= params.n) { return; }
  let i = i32(at);
  let c = i % C;
  let x = i / C % WO + PL;
  let line = i / (C * WO);
  let y0 = line % HO + PT;
  let first = line / HO * H;
  // The input row that tap k falls from is (y0 - k) / SH, for the k that leave no remainder.
  var sum = 0.0;
  for (var ty = 0; ty < TH; ty++) {
    let row = y0 / SH - ty;
    let ky = y0 % SH + ty * SH;
    for (var tx = 0; tx < TW; tx++) {
      let column = x / SW - tx;
      let kx = x % SW + tx * SW;
      let used = (row >= 0) & (row < H) & (ky < KH) & (column >= 0) & (column < W) & (kx < KW);
      if (used) { sum += p[((((first + row) * W + column) * KH + ky) * KW + kx) * C + c]; }
    }
  }
#ifdef HAS_BIAS
  sum += bias[c];
#endif
  y[at] = sum;
}
