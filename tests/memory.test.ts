import { expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { gpu, memory, nn, optim, scope } from '../src/engine/index.ts'
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
    if (step % 7 === 1) expect(Number.isFinite(await loss.item())).toBe(true)
    loss.dispose()
    if (step >= 3) readings.push(JSON.stringify(memory()))
  }
  expect(new Set(readings).size, [...new Set(readings)].join(' ')).toBe(1)
  adam.dispose()
  ema.dispose()
  for (const t of Object.values(nn.stateDict(net))) t.dispose()
})

gpuTest('what reads leave behind is counted, bounded, and given back by trim()', async () => {
  const MiB = 2 ** 20
  gpu().trim()
  expect(memory().readbackBytes).toBe(0)
  const tensors = scope(() => Array.from({ length: 6 }, (_, i) => G.full([((i + 1) * MiB) / 4], i)))
  const reads = tensors.map((x) => x.data())
  expect(memory().readbackBytes).toBe(21 * MiB) // 1 + 2 + … + 6
  expect((await Promise.all(reads)).map((values) => values[7])).toEqual([0, 1, 2, 3, 4, 5])
  const kept = memory().readbackBytes
  expect(kept).toBeGreaterThan(0)
  expect(kept).toBeLessThanOrEqual(16 * MiB)
  for (let i = 0; i < 3; i++) await tensors[5].data() // the latest read is kept for the next
  expect(memory().readbackBytes).toBe(kept)
  gpu().trim()
  expect(memory().readbackBytes).toBe(0)
  for (const t of tensors) t.dispose()
})

gpuTest('a read that fails keeps nothing', async () => {
  const x = G.ones([300])
  await x.data()
  gpu().trim()
  const { buffer } = x.storageOf('test')
  await expect(gpu().read(buffer, 0, 1 << 20)).rejects.toThrow(G.ShaderError) // more than it has
  expect(memory().readbackBytes).toBe(0)
  expect((await x.data())[299]).toBe(1)
  x.dispose()
})
