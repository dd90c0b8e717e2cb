// Functions of T (f32 or vec4f) that stay finite and exact where WGSL's own would not, and give NaN for NaN.
#include "lib/bits.wgsl"

fn exp_(x: T) -> T { return orNan(exp(x), x); }
fn sign_(x: T) -> T { return orNan(sign(x), x); }
// Whether x is not 0, as 1 or 0; NaN is not.
fn isNonZero(x: T) -> T { return select(T(1.0), T(0.0), sizeBits(x) == BITS(0)); }
// x, but 0 where it is infinite.
fn finiteOr0(x: T) -> T { return select(x, T(0.0), sizeBits(x) == INFINITE); }

// ln x, within 4 units in the last place where WGSL's own may be off by 2^-21 near 1. x = 2^k m with m in [√½, √2);
// ln m = 2 atanh(s) = 2 s + 2/3 s³ + …, s = (m - 1) / (m + 1), written so that m - 1, which is exact, is the leading term.
fn log_(x: T) -> T {
  let bits = bitcast<BITS>(x);
  // A denormal is a whole number times 2^-149: read as that number, since an adapter may take denormals for 0.
  let isDenormal = bits < BITS(0x00800000);
  let normal = select(bits, bitcast<BITS>(T(bits)), isDenormal);
  let above = normal - BITS(0x3f3504f3); // √½
  let m = bitcast<T>(normal - (above & BITS(-0x800000)));
  let f = m - 1.0;
  let s = f / (2.0 + f);
  let z = s * s;
  let series = z * (2.0 / 3.0 + z * (2.0 / 5.0 + z * (2.0 / 7.0 + z * (2.0 / 9.0 + z * (2.0 / 11.0)))));
  let half = 0.5 * f * f;
  let k = T(extractBits(above, 23, 9) - select(BITS(0), BITS(149), isDenormal));
  // ln 2 in two parts, of which the first has few enough digits for its products with k to be exact.
  let y = k * 0.693145751953125 + (f - (half - (s * (half + series) + k * 1.4286068203094173e-6)));
  // Infinity and NaN are their own logarithms; below 0 it is NaN, at 0 -infinity.
  var result = select(bitcast<BITS>(y), bits, bits >= INFINITE);
  result = select(result, bits | BITS(0x7fc00000), bits < BITS(0));
  return bitcast<T>(select(result, BITS(-0x800000), sizeBits(x) == BITS(0)));
}

// Lambert's continued fraction near 0, where (1-e)/(1+e) would cancel.
fn tanh_(x: T) -> T {
  let z = x * x;
  let small = x * (945.0 + z * (105.0 + z)) / (945.0 + z * (420.0 + z * 15.0));
  let e = exp(-2.0 * abs(x));
  return orNan(select(small, sign(x) * (1.0 - e) / (1.0 + e), abs(x) > T(0.55)), x);
}

fn sigmoid_(x: T) -> T {
  let e = exp(-abs(x));
  return orNan(select(e, T(1.0), x >= T(0.0)) / (1.0 + e), x);
}

// max(x, 0) + log(1 + e^-|x|), the logarithm as 2 atanh(e / (2 + e)).
fn softplus_(x: T) -> T {
  let e = exp(-abs(x));
  let s = e / (2.0 + e);
  let z = s * s;
  let series = 1.0 + z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0 + z / 15.0))))));
  return orNan(max(x, T(0.0)) + 2.0 * s * series, x);
}

// e^x - 1 without cancellation near 0: tanh(x/2) (e^x + 1).
fn expm1_(x: T) -> T {
  return tanh_(0.5 * x) * (exp(x) + 1.0);
}

// x^p as in C: 1 for p = 0 or x = 1, else NaN where one of them is; a negative base has a real power only for a whole p,
// elsewhere NaN. Denormals count as 0.
const ONE = BITS(0x3f800000);
fn pow_(x: T, p: T) -> T {
  let isZero = sizeBits(x) < BITS(0x00800000);
  // At an end of either range the power is 0 or infinite, whichever way it grows.
  let isEnd = isZero | (sizeBits(x) == INFINITE) | (sizeBits(p) == INFINITE);
  let end = select(BITS(0), INFINITE, (sizeBits(x) > ONE) == (bitcast<BITS>(p) > BITS(0)));
  var size = select(bitcast<BITS>(pow(abs(x), p)), end, isEnd);
  size = select(size, ONE, sizeBits(x) == ONE);
  size = select(size, sizeBits(x), p == T(1.0));
  let isOne = (sizeBits(p) < BITS(0x00800000)) | (bitcast<BITS>(x) == ONE);
  let half = p * 0.5;
  let isOdd = floor(half) != half;
  let isNegative = bitcast<BITS>(x) < BITS(0);
  let isWhole = floor(p) == p;
  // The sign's bit of -0 is that of a negative odd power.
  size = select(size, size | BITS(-0x80000000), isNegative & isOdd & isWhole);
  let isReal = !isNegative | isWhole | isZero | (sizeBits(x) == INFINITE);
  let power = bitcast<T>(select(size | BITS(0x7fc00000), size, isReal));
  return select(orNan(orNan(power, x), p), T(1.0), isOne);
}

// sin(x + turn π/2). WGSL allows its own an error of 2^-11. x less the nearest multiple k of π/2, which is subtracted in
// three parts (Cody and Waite), then Taylor's series on ±π/4. Exact to rounding up to some 10^4, bounded beyond.
fn sine(x: T, turn: f32) -> T {
  let k = round(x * 0.6366197723675814);
  let r = clamp(((x - k * 1.5703125) - k * 4.837512969970703e-4) - k * 7.549789948768648e-8, T(-0.8), T(0.8));
  let z = r * r;
  let s = r * (1.0 - z / 6.0 * (1.0 - z / 20.0 * (1.0 - z / 42.0 * (1.0 - z / 72.0))));
  let c = 1.0 - z / 2.0 * (1.0 - z / 12.0 * (1.0 - z / 30.0 * (1.0 - z / 56.0)));
  let quarter = (k + turn) - 4.0 * floor((k + turn) * 0.25);
  let v = select(s, c, (quarter == T(1.0)) | (quarter == T(3.0)));
  let bits = bitcast<BITS>(select(v, -v, quarter >= T(2.0)));
  // The sine of an infinity is NaN.
  return bitcast<T>(select(bits, bitcast<BITS>(x) | BITS(0x7fc00000), sizeBits(x) >= INFINITE));
}
fn sin_(x: T) -> T { return sine(x, 0.0); }
fn cos_(x: T) -> T { return sine(x, 1.0); }
