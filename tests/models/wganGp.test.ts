/** The whole WGAN-GP against PyTorch: its critic's gradients hold the second derivatives of the penalty. */
import { WganGp } from '../../src/models/wganGp.ts'
import fixture from '../fixtures/wganGp.json'
import { expectParity } from './parity.ts'

expectParity(() => new WganGp(fixture.image, fixture.options), fixture)
