/** The whole conditional GAN against PyTorch: its embeddings among what is trained. */
import { describe } from 'vitest'
import fixture from '../fixtures/cgan.json'
import dense from '../fixtures/cganDense.json'
import { expectParity } from './parity.ts'

const model = 'cgan'

describe("DCGAN's networks", () =>
  expectParity({ model, image: fixture.image, options: fixture.options }, fixture))
describe('dense networks', () => expectParity({ model, image: dense.image, options: dense.options }, dense))
