// Part of the mains of a normalisation: which group (a, i) and which slice of r this invocation takes.
  let id = globalIndex(group, groups, local);
  if (id >= params.n) { return; }
  let lane = id % (S * I);
  let a = id / (S * I);
  let i = lane % I;
  let first = lane / I;
