import { type Tensor, view } from '../tensor/tensor.ts'

/** x as a constant: the same values, no gradient. */
export const stopGradient = (x: Tensor): Tensor => view(x, x.shape, 'stopGradient')
