/** The whole GAN against PyTorch, with two updates of D for each of G and three pieces to a maxout unit. */
import { Gan } from '../../src/models/families/gan.ts'
import fixture from '../fixtures/gan.json'
import { expectParity } from './parity.ts'

expectParity(() => new Gan(fixture.image, fixture.options), fixture)
