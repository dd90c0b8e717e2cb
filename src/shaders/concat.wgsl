// Writes tensors side by side: x$s [outer, A, inner] as rows START..START+A of y [outer, TOTAL, inner], for each source s.
//
// SOURCES   how many, up to seven
// T         f32, or vec4f, in which the sizes below are counted
// BLOCK$s   A inner of source s
// START$s   START inner
// FIRST$s, END$s   its invocations
// Y_BLOCK   TOTAL inner
// SINGLE    outer is 1
#include "lib/index.wgsl"

struct Params { n: u32 }
@group(1) @binding(0) var<uniform> params: Params;
#for s in 0..SOURCES
@group(0) @binding($s) var<storage, read> x$s: array<T>;
#endfor
@group(0) @binding(SOURCES) var<storage, read_write> y: array<T>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
#for s in 0..SOURCES
  if (i >= FIRST$s && i < END$s) {
    let at = i - FIRST$s;
#ifdef SINGLE
    y[START$s + at] = x$s[at];
#else
    y[at / BLOCK$s * Y_BLOCK + START$s + at % BLOCK$s] = x$s[at];
#endif
  }
#endfor
}
