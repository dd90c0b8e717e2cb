// Part of main in spectral_norm.wgsl and its backward: which layer l this invocation works on, as which of its lanes.
#ifdef SPLIT
  let id = group.y * groups.x + group.x;
  let lane = local;
#else
  let id = globalIndex(group, groups, local);
  let lane = 0u;
#endif
  if (id >= COUNT) { return; }
  let l = layerOf(id);
