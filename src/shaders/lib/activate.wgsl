// A leaky ReLU at the end of another kernel.
//
// SLOPE      times what is below 0; without it nothing happens
// RELU       SLOPE is 0
// T, BITS    as in lib/bits.wgsl
#ifdef RELU
#include "lib/bits.wgsl"
#endif

fn activate(v: T) -> T {
#ifdef RELU
  return relu_(v); // 0 times -infinity would be NaN
#else
#ifdef SLOPE
  return select(v * SLOPE, v, v > T(0.0));
#else
  return v;
#endif
#endif
}

#ifdef SLOPE
// What is left of dy behind it, whose argument is v.
fn activateGrad(dy: T, v: T) -> T {
#ifdef RELU
  return reluGrad_(dy, v);
#else
  return select(dy * SLOPE, dy, v > T(0.0));
#endif
}
#endif
