// Samples moved by whole pixels of their own: y[n, h, w, c] = x[n, h + dy, w + dx, c] with (dy, dx) = SIGN shifts[n], or 0
// where that lies outside, or NaN where the shift is NaN.
//
// H, W, C  size of a sample
// SIGN     1, or -1 for the way back
// T, BITS  f32 and i32, for lib/bits.wgsl
#include "lib/index.wgsl"
#include "lib/bits.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> shifts: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
  let c = i % C;
  let sample = i / (C * W * H);
  let dy = shifts[2u * sample];
  let dx = shifts[2u * sample + 1u];
  let h = i32(i / (C * W) % H) + SIGN * i32(dy);
  let w = i32(i / C % W) + SIGN * i32(dx);
  let inside = (h >= 0) & (h < i32(H)) & (w >= 0) & (w < i32(W));
  let source = ((sample * H + u32(clamp(h, 0, i32(H) - 1))) * W + u32(clamp(w, 0, i32(W) - 1))) * C + c;
  y[i] = orNan(orNan(select(0.0, x[source], inside), dy), dx);
}
