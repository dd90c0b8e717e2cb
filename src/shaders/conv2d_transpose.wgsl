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

// (first row of the image, row, column) of the input under the phase's first tap: row (o + PT - k0) / SH for
// o = q SH + phase and k0 = (phase + PT) % SH, that is q + (phase + PT) / SH.
fn decodeRow(z: u32, m: u32) -> vec3i {
  let pixel = i32(m);
  let line = pixel / QW;
  return vec3i(line / QH * H, line % QH + (i32(z) / SW + PT) / SH, pixel % QW + (i32(z) % SW + PL) / SW);
}
fn kernelRow(z: u32, tap: u32) -> i32 { return (i32(z) / SW + PT) % SH + i32(tap) / TW * SH; }
fn kernelColumn(z: u32, tap: u32) -> i32 { return (i32(z) % SW + PL) % SW + i32(tap) % TW * SW; }
fn tapUsed(z: u32, tap: u32) -> bool { return (kernelRow(z, tap) < KH) & (kernelColumn(z, tap) < KW); }
fn tapPointer(row: vec3i, z: u32, tap: u32) -> i32 {
  let y = row.y - i32(tap) / TW;
  let x = row.z - i32(tap) % TW;
  let inside = (y >= 0) & (y < H) & (x >= 0) & (x < W);
  return select(-1, ((row.x + y) * W + x) * A_PIXEL, inside);
}
fn tapIndex(z: u32, tap: u32) -> u32 { return u32(kernelRow(z, tap) * KW + kernelColumn(z, tap)); }
fn outputRow(z: u32, m: u32) -> i32 {
  let pixel = i32(m);
  let line = pixel / QW;
  let y = line % QH * SH + i32(z) / SW;
  let x = pixel % QW * SW + i32(z) % SW;
  return select(-1, (line / QH * HO + y) * WO + x, (y < HO) & (x < WO));
}

#include "lib/gemm.wgsl"
