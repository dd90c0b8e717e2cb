// Pointwise: out = EXPR of the operands a, b, c and the numbers params.p, params.q, with broadcasting.
//
// T        f32, or vec4f when an invocation makes four neighbours
// EXPR     the expression, in a b c
// RANK     number of dimensions after those that broadcast alike are joined; 1 needs no shape
// DIM$d, OUT_STRIDE$d            (RANK > 1) sizes and strides of the output, in Ts
// HAS_A    operand a is a tensor, else the number params.a; likewise B, C
// A_TYPE   T, or f32 for one value used for all of a T
// A_STRIDE$d                     strides of a in A_TYPEs, 0 where it broadcasts
#include "lib/index.wgsl"
#include "lib/math.wgsl"

struct Params { n: u32, a: f32, b: f32, c: f32, p: f32, q: f32 }
@group(1) @binding(0) var<uniform> params: Params;

@group(0) @binding(0) var<storage, read_write> y: array<T>;
#ifdef HAS_A
@group(0) @binding(1) var<storage, read> a: array<A_TYPE>;
#endif
#ifdef HAS_B
@group(0) @binding(2) var<storage, read> b: array<B_TYPE>;
#endif
#ifdef HAS_C
@group(0) @binding(3) var<storage, read> c: array<C_TYPE>;
#endif

fn compute(a: T, b: T, c: T) -> T {
  return EXPR;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = globalIndex(group, groups, local);
  if (i >= params.n) { return; }
#ifdef SINGLE
  let at0 = i;
#else
#for d in 0..RANK
  let at$d = (i / OUT_STRIDE$d) % DIM$d;
#endfor
#endif
#ifdef HAS_A
  let x = T(a[0
#for d in 0..RANK
    + at$d * A_STRIDE$d
#endfor
  ]);
#else
  let x = T(params.a);
#endif
#ifdef HAS_B
  let v = T(b[0
#for d in 0..RANK
    + at$d * B_STRIDE$d
#endfor
  ]);
#else
  let v = T(params.b);
#endif
#ifdef HAS_C
  let w = T(c[0
#for d in 0..RANK
    + at$d * C_STRIDE$d
#endfor
  ]);
#else
  let w = T(params.c);
#endif
  y[i] = compute(x, v, w);
}
