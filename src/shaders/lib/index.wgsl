// Number of this invocation in a grid that run() may have folded over y.
fn globalIndex(group: vec3u, groups: vec3u, local: u32) -> u32 {
  return (group.y * groups.x + group.x) * WG + local;
}
