/** NaN and infinities through what trains: optimisers, losses, and the search for where they came from. */
import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { firstNonFinite, optim, scope, type Tensor, tensor } from '../../src/engine/index.ts'
import { losses } from '../../src/models/training/losses.ts'
import { evaluate, gpuTest } from '../harness.ts'
import { INF, NAN, nans, normals, withOne } from './one.ts'

describe('optimisers', () => {
  const rules: [string, (p: Tensor[]) => optim.SGD | optim.RMSprop | optim.Adam][] = [
    ['SGD', (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 })],
    ['RMSprop', (p) => new optim.RMSprop(p)],
    ['Adam', (p) => new optim.Adam(p)],
  ]
  for (const [name, make] of rules)
    gpuTest(`${name}: a gradient of NaN reaches its own parameter, clipped or not`, async () => {
      const p = normals(7)
      const optimizer = make([p])
      const ema = new optim.EMA([p], { decay: 0.5 })
      scope(() => optimizer.step([withOne([7], NAN, 3)]))
      ema.update()
      optimizer.clip(0.01)
      expect(nans(await p.data())).toEqual([3])
      const [norm, average] = scope(() => [optimizer.gradNorm(), ema.stateDict()[0]])
      expect(await norm.item()).toBeNaN()
      expect(nans(await average.data())).toEqual([3])
      for (const t of [norm, average, optimizer, ema, p]) t.dispose()
    })
  gpuTest('clip takes infinities to its limits', async () => {
    const p = tensor([INF, -INF, NAN, 0.25], [4], { requiresGrad: true })
    const sgd = new optim.SGD([p], { lr: 1 })
    sgd.clip(0.5)
    expect([...(await p.data())]).toEqual([0.5, -0.5, NAN, 0.25])
    sgd.dispose()
    p.dispose()
  })
})

describe('what watches over a training', () => {
  for (const [name, loss] of Object.entries(losses))
    gpuTest(`the loss ${name} of logits of which one is NaN`, async () => {
      const [d, g] = await evaluate(() => [
        loss.discriminator(withOne([8, 1], NAN, 2), normals(8, 1)),
        loss.generator(withOne([8, 1], NAN, 2)),
      ])
      expect([d.data[0], g.data[0]]).toEqual([NAN, NAN])
    })
  gpuTest('firstNonFinite names the op', async () => {
    const first = (fn: () => Tensor) => firstNonFinite(() => scope(() => void fn()))
    expect(await first(() => G.log(G.full([3], 0)))).toBe('log')
    expect(await first(() => G.relu(G.log(G.full([3], -1))))).toBe('log')
    expect(await first(() => G.relu(G.full([3], NAN)))).toBe('full')
    expect(await first(() => G.log(G.full([3], 2)))).toBeUndefined()
  })
})
