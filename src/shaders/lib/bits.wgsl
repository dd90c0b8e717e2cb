// NaN and infinities, told by their bits. WGSL lets implementations assume that there are none: `x != x` may be false for
// a NaN, and max, min, clamp, exp, log or sin of one may be any number. Choices between a NaN and something else are made
// between bits, too, which no compiler may take for granted.
//
// T       f32, or vec4f
// BITS    i32, or vec4i: the bits of a T. As signed integers, positive floats are ordered as their values are.

const INFINITE = BITS(0x7f800000);

// The bits of |x|: those above INFINITE are NaN.
fn sizeBits(x: T) -> BITS { return bitcast<BITS>(x) & BITS(0x7fffffff); }

// r, but NaN where x is.
fn orNan(r: T, x: T) -> T {
  return bitcast<T>(select(bitcast<BITS>(r), bitcast<BITS>(x), sizeBits(x) > INFINITE));
}

fn max_(a: T, b: T) -> T { return orNan(orNan(max(a, b), a), b); }
fn min_(a: T, b: T) -> T { return orNan(orNan(min(a, b), a), b); }
fn clamp_(x: T, low: T, high: T) -> T { return orNan(clamp(x, low, high), x); }

// A ReLU. What it makes 0 has the bits of the numbers from -0 to -infinity, which are the least signed integers.
fn relu_(x: T) -> T { return select(x, T(0.0), bitcast<BITS>(x) <= BITS(-0x800000)); }
// What is left of dy behind it: nothing where x is 0 or below.
fn reluGrad_(dy: T, x: T) -> T {
  let bits = bitcast<BITS>(x);
  return select(dy, T(0.0), (bits <= BITS(-0x800000)) | (bits == BITS(0)));
}
