// y [n, HO, WO, N] = transposed conv of a [n, H, W, KC] with b [KH, KW, N, KC], by output phases: the outputs whose
// (row, column) leave remainders (z / SW, z % SW) by the stride use the same taps, each a plain conv of its own.
// No inserted zero is ever multiplied. m = output pixel of the phase. Defines: see lib/gemm.wgsl, and
//
// H, W, HO, WO, KH, KW     sizes (i32)
// QH, QW                   outputs of a phase, ceil(HO / SH), ceil(WO / SW)
// SH, SW, PT, PL           stride, padding at the top and left (i32)
// TW                       taps of a phase along x, ceil(KW / SW)
// A_PIXEL                  elements (or vec4s) of a pixel of a (i32)
#ifdef QUAD
enable subgroups;
diagnostic(off, subgroup_uniformity);
#endif
#include "lib/index.wgsl"
#include "lib/gemm_bindings.wgsl"

const STRIDE = vec2i(SH, SW);
const PADDING = vec2i(PT, PL);

// (first row of the image, row, column) of the input under the phase's first tap: row (o + PT - k0) / SH for
// o = q SH + phase and k0 = (phase + PT) % SH, that is q + (phase + PT) / SH.
fn decodeRow(z: u32, m: u32) -> vec3i {
  let pixel = i32(m);
  let line = pixel / QW;
  let image = line / QH;
  let first = (phaseOf(z) + PADDING) / STRIDE;
  return vec3i(image * H, line - image * QH + first.x, pixel - line * QW + first.y);
}
fn phaseOf(z: u32) -> vec2i { return vec2i(i32(z) / SW, i32(z) % SW); }
fn kernelAt(z: u32, shift: vec2i) -> vec2i { return (phaseOf(z) + PADDING) % STRIDE + shift * STRIDE; }
fn tapUsed(z: u32, shift: vec2i) -> bool { return all(kernelAt(z, shift) < vec2i(KH, KW)); }
fn tapShift(tap: u32) -> vec2i { return vec2i(i32(tap) / TW, i32(tap) % TW); }
fn tapPointer(row: vec3i, shift: vec2i) -> i32 {
  let y = row.y - shift.x;
  let x = row.z - shift.y;
  let inside = (y >= 0) & (y < H) & (x >= 0) & (x < W);
  return select(-1, ((row.x + y) * W + x) * A_PIXEL, inside);
}
fn tapIndex(z: u32, tap: u32, shift: vec2i) -> u32 {
  let at = kernelAt(z, shift);
  return u32(at.x * KW + at.y);
}
fn outputRow(z: u32, m: u32) -> i32 {
  let pixel = i32(m);
  let line = pixel / QW;
  let image = line / QH;
  let at = vec2i(line - image * QH, pixel - line * QW) * STRIDE + phaseOf(z);
  return select(-1, (image * HO + at.x) * WO + at.y, (at.x < HO) & (at.y < WO));
}

#include "lib/gemm.wgsl"
