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
  let image = line / HO;
  return vec3i(image * H, (line - image * HO) * SH - PT, (pixel - line * WO) * SW - PL);
}
fn tapShift(tap: u32) -> vec2i { return vec2i(i32(tap) / KW, i32(tap) % KW); }
fn tapPointer(row: vec3i, shift: vec2i) -> i32 {
  let y = row.y + shift.x;
  let x = row.z + shift.y;
  let pointer = ((row.x + y) * W + x) * A_PIXEL;
#ifdef INSIDE
  return pointer;
#else
  return select(-1, pointer, (y >= 0) & (y < H) & (x >= 0) & (x < W));
#endif
}
fn tapIndex(z: u32, tap: u32, shift: vec2i) -> u32 { return tap; }
fn outputRow(z: u32, m: u32) -> i32 { return i32(m); }

#include "lib/gemm.wgsl"
