// Planes (n, c) of images [N, R, C], R = H W, each taken by LANES invocations, COLUMNS neighbouring planes to a workgroup.
//
// T           f32, or vec4f along C
// R, C        sizes, C in Ts
// LANES       a power of two; lane l takes r = l, l + LANES, ...
// STEPS       ceil(R / LANES)
// COLUMNS     WG / LANES
// SPLIT       LANES > 1: lanes add up through workgroup memory, which software adapters had better not touch

struct Plane {
  lane: u32,
  n: u32,
  c: u32,
  // false for invocations beyond the last plane, which go along for the barriers
  real: bool,
}

fn planeOf(group: u32, local: u32, planes: u32) -> Plane {
  let wanted = group * COLUMNS + local % COLUMNS;
  let id = min(wanted, planes - 1);
  return Plane(local / COLUMNS, id / C, id % C, wanted < planes);
}

#ifdef SPLIT
var<workgroup> partial: array<T, WG>;

// Σ of v over the lanes of this invocation's plane, in a fixed order.
fn across(v: T, local: u32) -> T {
  workgroupBarrier(); // the sum before has been read
  partial[local] = v;
  for (var half = LANES / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (local < half * COLUMNS) { partial[local] += partial[local + half * COLUMNS]; }
  }
  workgroupBarrier();
  return partial[local % COLUMNS];
}
#else
fn across(v: T, local: u32) -> T { return v; }
#endif
