// y[coordinate] = x[offset + coordinate . strides]: permutations.
//
// T                    f32, or vec4f where the last dimension stays last and is a multiple of 4
// RANK, DIM$d, OUT_STRIDE$d, X_STRIDE$d     of the output, in Ts
#include "lib/index.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
  y[i] = x[0
#for d in 0..RANK
    + (i / OUT_STRIDE$d) % DIM$d * X_STRIDE$d
#endfor
  ];
}
