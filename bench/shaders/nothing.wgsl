// As little as a dispatch can do: each waits for the one before, since all may write y.
@group(0) @binding(0) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(WG)
fn main() {
  y[0] = 0u;
}
