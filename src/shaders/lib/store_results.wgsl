// Stores the results [rotation, row, group of columns] of a quad's invocation by a loop: each store() is much code for
// SwiftShader, which took half of its time on 64 of them.
    for (var j = 0u; j < RESULTS; j++) {
      let row = j / NV % TM;
      store(z, m0 + (lane ^ (j / NV / TM)) * TM + row, first + j % NV * NU, results[j]);
    }
