/** The whole SN-GAN against PyTorch, whose own spectral_norm divides the weights of its D. */
import { nn } from '../../src/engine/index.ts'
import fixture from '../fixtures/sngan.json'
import { expectClose, gpuTest, valuesOf } from '../harness.ts'
import { expectParity, row, withTrainer } from './parity.ts'

const of = { model: 'sngan', image: fixture.image, options: fixture.options }

expectParity(of, fixture)

gpuTest("scores stay when the weights of D's layers are doubled: only W / σ counts", () =>
  withTrainer(of, fixture, async ({ model }) => {
    const D = model.networks.discriminator as nn.Layer
    const u = Object.entries(nn.stateDict(D)).filter(([name]) => name.startsWith('norm.u.'))
    const start = await Promise.all(u.map(([, t]) => t.data()))
    const score = () => valuesOf(() => D.forward(row(fixture.real, 0)))
    const before = await score()
    for (const [name, t] of Object.entries(nn.stateDict(D)))
      if (name.endsWith('.weight')) t.write((await t.data()).map((w) => 2 * w))
    // From the same u, since each pass moves it.
    for (const [i, [, t]] of u.entries()) t.write(start[i])
    expectClose(await score(), before, 1e-6)
  }),
)
