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
// SLOPE            if set, y is a leaky ReLU of the result: slope times what is below 0

// stats holds the means of all groups, then their variances.
#ifdef SLOPE
fn activate(v: T) -> T { return select(v * SLOPE, v, v > T(0.0)); }
// What is left of dy behind the activation, whose argument is v.
fn activateGrad(dy: T, v: T) -> T { return select(dy * SLOPE, dy, v > T(0.0)); }
#endif
fn rstd(variance: T) -> T { return 1.0 / sqrt(variance + EPS); }
