// Bindings of the kernels around lib/gemm.wgsl.
#ifdef VEC_A
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> a: array<f32>;
#endif
#ifdef VEC_B
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
#else
#ifdef VEC_BT
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
#else
@group(0) @binding(1) var<storage, read> b: array<f32>;
#endif
#endif
#ifdef VEC_Y
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
#else
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
#endif
#ifdef HAS_BIAS
#ifdef VEC_Y
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
#else
@group(0) @binding(3) var<storage, read> bias: array<f32>;
#endif
#endif
