// Stores the results [rotation, row, group of columns] of a quad's invocation by a loop: each store() is much code for
// SwiftShader, which took half of its time on 64 of them.
// Where rows go costs divisions: an invocation finds out for those that it loaded, and the quad passes it on.
#for i in 0..TM
    let to0_$i = storedRow(z, m0 + lane * TM + $i);
    let to1_$i = quadSwapX(to0_$i);
    let to2_$i = quadSwapY(to0_$i);
    let to3_$i = quadSwapDiagonal(to0_$i);
#endfor
    var rows = array<i32, ROTATIONS * TM>(
#for r in 0..ROTATIONS
#for i in 0..TM
      to$r_$i,
#endfor
#endfor
    );
    for (var j = 0u; j < RESULTS; j++) { store(z, rows[j / NV], first + j % NV * NU, results[j]); }
