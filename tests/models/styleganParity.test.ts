/** The whole StyleGAN against PyTorch, R1's second derivatives and the fused style layers included. */
import { slice, type Tensor } from '../../src/engine/index.ts'
import { StyleganLite } from '../../src/models/families/styleganLite.ts'
import fixture from '../fixtures/stylegan.json'
import { expectParity } from './parity.ts'

/** A model whose noise is given: of a step's, each layer takes the top left. */
function make() {
  const model = new StyleganLite(fixture.image, fixture.options)
  const step = model.step.bind(model)
  return Object.assign(model, {
    step: (real: () => Tensor, latent?: (count: number) => Tensor, given?: (count: number) => Tensor) => {
      const noise = given?.(0)
      return step(real, latent, noise && ((shape) => slice(noise, { end: [...shape] })))
    },
  })
}

expectParity(make, fixture)
