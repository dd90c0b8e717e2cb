/** The whole GAN against PyTorch, with two updates of D for each of G and three pieces to a maxout unit. */
import fixture from '../fixtures/gan.json'
import { expectParity } from './parity.ts'

expectParity({ model: 'gan', image: fixture.image, options: fixture.options }, fixture)
