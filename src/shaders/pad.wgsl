// y = x moved by BEFORE along every dimension and cut or filled with zeros: padding, and with negative amounts slicing.
//
// RANK, DIM$d, OUT_STRIDE$d     of the output
// X_DIM$d, X_STRIDE$d           of the input
// BEFORE$d                      i32, what is put before (or, negative, cut)
#include "lib/index.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
  var at = 0;
  var inside = true;
#for d in 0..RANK
  let c$d = i32((i / OUT_STRIDE$d) % DIM$d) - (BEFORE$d);
  inside = inside & (c$d >= 0) & (c$d < X_DIM$d);
  at += clamp(c$d, 0, X_DIM$d - 1) * X_STRIDE$d;
#endfor
  y[i] = select(0.0, x[at], inside);
}
