import { expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { memory, nn, optim, scope } from '../src/engine/index.ts'
import { gpuTest } from './harness.ts'

gpuTest('a training loop neither grows nor pools more after its first steps', async () => {
  const net = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { stride: 2, padding: 1 }),
    new nn.BatchNorm(4),
    (x) => G.leakyRelu(x, { slope: 0.2 }),
    (x) => G.reshape(x, [x.shape[0], -1]),
    new nn.Linear(4 * 4 * 4, 3),
  )
  const params = nn.parameters(net)
  const adam = new optim.Adam(params, { lr: 1e-3 })
  const ema = new optim.EMA(params)
  const readings: string[] = []
  for (let step = 1; step <= 50; step++) {
    const loss = scope(() => {
      const x = G.randn([5, 8, 8, 1])
      x.requiresGrad = true
      const y = net.forward(x)
      const [dx] = G.grad(y, [x], { createGraph: true })
      const loss = G.add(G.mean(G.square(y)), G.mean(G.square(dx)))
      adam.step(G.grad(loss, params))
      ema.update()
      return loss
    })
    if (step % 7 === 0) expect(Number.isFinite(await loss.item())).toBe(true)
    loss.dispose()
    if (step >= 3) readings.push(JSON.stringify(memory()))
  }
  expect(new Set(readings).size, [...new Set(readings)].join(' ')).toBe(1)
  adam.dispose()
  ema.dispose()
  for (const t of Object.values(nn.stateDict(net))) t.dispose()
})
