// c + a0 b0 + a1 b1 + …, in this order. Value by value, so that SwiftShader, which makes all products of a vector before
// the first sum, needs a register for one only: half of the time of a product without its loads.
//
// NU, V        values, and their type
// TERMS        products
fn mac(c: V
#for j in 0..TERMS
  , a$j: f32, b$j: V
#endfor
) -> V {
#ifdef SCALAR_V
  return c
#for j in 0..TERMS
    + a$j * b$j
#endfor
  ;
#else
  return V(
#for n in 0..NU
    c[$n]
#for j in 0..TERMS
      + a$j * b$j[$n]
#endfor
    ,
#endfor
  );
#endif
}
