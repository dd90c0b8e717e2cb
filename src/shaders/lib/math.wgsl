// Functions of T (f32 or vec4f) that stay finite and exact where WGSL's own would not.

// Lambert's continued fraction near 0, where (1-e)/(1+e) would cancel.
fn tanh_(x: T) -> T {
  let z = x * x;
  let small = x * (945.0 + z * (105.0 + z)) / (945.0 + z * (420.0 + z * 15.0));
  let e = exp(-2.0 * abs(x));
  return select(small, sign(x) * (1.0 - e) / (1.0 + e), abs(x) > T(0.55));
}

fn sigmoid_(x: T) -> T {
  let e = exp(-abs(x));
  return select(e, T(1.0), x >= T(0.0)) / (1.0 + e);
}

// max(x, 0) + log(1 + e^-|x|), the logarithm as 2 atanh(e / (2 + e)).
fn softplus_(x: T) -> T {
  let e = exp(-abs(x));
  let s = e / (2.0 + e);
  let z = s * s;
  let series = 1.0 + z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0 + z / 15.0))))));
  return max(x, T(0.0)) + 2.0 * s * series;
}

// e^x - 1 without cancellation near 0: tanh(x/2) (e^x + 1).
fn expm1_(x: T) -> T {
  return tanh_(0.5 * x) * (exp(x) + 1.0);
}

// x^p for any finite x: a negative base has a real power only for integer p, elsewhere NaN, as in C.
fn pow_(x: T, p: T) -> T {
  let size = select(pow(abs(x), p), T(0.0), x == T(0.0));
  let half = p * 0.5;
  let odd = floor(half) != half;
  let signed = select(size, -size, odd & (x < T(0.0)));
  // sqrt(-1) at run time, since WGSL has no NaN constant
  let valid = select(signed, sqrt(-abs(p)), (x < T(0.0)) & (floor(p) != p));
  let zeroBase = select(T(0.0), 1.0 / max(abs(x), T(0.0)), p < T(0.0));
  return select(select(valid, zeroBase, x == T(0.0)), T(1.0), p == T(0.0));
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
  return select(v, -v, quarter >= T(2.0));
}
fn sin_(x: T) -> T { return sine(x, 0.0); }
fn cos_(x: T) -> T { return sine(x, 1.0); }
