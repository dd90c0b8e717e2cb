// The view that every normalisation shares: x [A, R, I], statistics over r for each group (a, i).
//
// T                f32, or vec4f along I
// R, I             sizes, I in Ts
// S, STEPS         slices of r, ceil(R / S): an invocation takes r = first, first + S, ... of one group, so that what
//                  belongs to the group is read once, and neighbours read neighbours
// GAMMA_INDEX      where gamma and beta are for (a, r, i): i (per channel), a * I + i (per sample), r (per element)
// BY_ELEMENT       that is r
// HAS_GAMMA        gamma, and beta where the kernel uses it, are given
// EPS              added to the variance
// SLOPE, RELU      of a leaky ReLU of the result, if there is one (lib/activate.wgsl)
#include "lib/activate.wgsl"

// stats holds the means of all groups, then their variances.
fn rstd(variance: T) -> T { return 1.0 / sqrt(variance + EPS); }
