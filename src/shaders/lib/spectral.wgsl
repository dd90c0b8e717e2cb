// Weights of many layers, each seen as a matrix [K, C], in one dispatch: LANES invocations to a layer.
//
// LAYERS      Layer(…), … of all layers, COUNT of them
// LANES       a power of two
// SPLIT       LANES > 1: a workgroup to a layer, whose lanes add up through workgroup memory. Software adapters had better
//             not touch that: there an invocation takes a layer alone.

struct Layer {
  // where it begins in w, and in everything that is laid out as y is
  w: u32, y: u32,
  rows: u32, columns: u32,
  // where its u begins; and its v, its u and σ, one after the other, in kept
  u: u32, kept: u32,
  // values of y up to the next layer: rows columns, then padding
  padded: u32,
}

fn layerOf(id: u32) -> Layer {
  let layers = array<Layer, COUNT>(LAYERS);
  return layers[id];
}

#ifdef SPLIT
var<workgroup> partial: array<f32, LANES>;

// Σ of v over the lanes, in a fixed order.
fn across(v: f32, lane: u32) -> f32 {
  workgroupBarrier(); // the sum before has been read
  partial[lane] = v;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { partial[lane] += partial[lane + half]; }
  }
  workgroupBarrier();
  return partial[0];
}
// What the lanes have written is there for all of them.
fn settle() { storageBarrier(); }
#else
fn across(v: f32, lane: u32) -> f32 { return v; }
fn settle() {}
#endif
