// y [n, HO, WO, N] = a [n, H, W, KC] * b [KH, KW, KC, N]: implicit GEMM, m = output pixel. Defines: see lib/gemm.wgsl, and
//
// H, W, HO, WO, KW         sizes (i32)
// SH, SW, PT, PL           stride, padding at the top and left (i32)
// A_PIXEL                  elements (or vec4s) of a pixel of a (i32)
#ifdef QUAD
enable subgroups;
diagnostic(off, subgroup_uniformity);
#endif
#include "lib/index.wgsl"
#include "lib/gemm_bindings.wgsl"

// (first row of the image, top, left) of the window
fn decodeRow(z: u32, m: u32) -> vec3i {
  let pixel = i32(m);
  let line = pixel / WO;
  return vec3i(line / HO * H, line % HO * SH - PT, pixel % WO * SW - PL);
}
fn tapPointer(row: vec3i, z: u32, tap: u32) -> i32 {
  let y = row.y + i32(tap) / KW;
  let x = row.z + i32(tap) % KW;
  let pointer = ((row.x + y) * W + x) * A_PIXEL;
#ifdef INSIDE
  return pointer;
#else
  return select(-1, pointer, (y >= 0) & (y < H) & (x >= 0) & (x < W));
#endif
}
fn tapIndex(z: u32, tap: u32) -> u32 { return tap; }
fn outputRow(z: u32, m: u32) -> i32 { return i32(m); }

#include "lib/gemm.wgsl"
