// y [Z, M, N] = a [Z, M, K] b [Z, K, N], or b [Z, N, K] transposed. Defines: see lib/gemm.wgsl, and
//
// Z              batches
// A_BATCH        elements (or vec4s) between a's batches, 0 when one serves all
// B_BATCHES      batches of b, 1 or Z
// A_ROW          elements (or vec4s) between a's rows
#ifdef QUAD
enable subgroups;
diagnostic(off, subgroup_uniformity);
#endif
#include "lib/index.wgsl"
#include "lib/gemm_bindings.wgsl"

fn decodeRow(z: u32, m: u32) -> vec3i { return vec3i(i32(z * A_BATCH + m * A_ROW), 0, 0); }
fn tapShift(tap: u32) -> vec2i { return vec2i(); }
fn tapPointer(row: vec3i, shift: vec2i) -> i32 { return row.x; }
fn tapIndex(z: u32, tap: u32, shift: vec2i) -> u32 { return z % B_BATCHES; }
fn outputRow(z: u32, m: u32) -> i32 { return i32(z * M + m); }

#include "lib/gemm.wgsl"
