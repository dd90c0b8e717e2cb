/** The whole StyleGAN against PyTorch, R1's second derivatives and the fused style layers included. */
import fixture from '../fixtures/stylegan.json'
import { expectParity } from './parity.ts'

expectParity({ model: 'stylegan-lite', image: fixture.image, options: fixture.options }, fixture)
