import { expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { checkOp, fixed } from '../checkOp.ts'
import { evaluate, gpuTest, valuesOf } from '../harness.ts'
import * as R from '../ref/index.ts'

checkOp('gather rows', [[5, 3], fixed([4, 0, 4, 1])], (o, x, i) => o.gather(x, i))
checkOp('gather by a matrix', [[3, 2, 4], fixed([0, 2, 1, 2, 2, 0], [2, 3])], (o, x, i) => o.gather(x, i))
checkOp('gather one of a vector', [[7], fixed([6], [])], (o, x, i) => o.gather(x, i))
checkOp('scatterAdd', [[4, 3], fixed([1, 1, 0, 4])], (o, dy, i) =>
  o === R ? R.scatterAdd(dy, i, 5) : G.scatterAdd(dy, i, [5, 3]),
)
checkOp('oneHot', [fixed([2, 0, 4, 1, 1, 3], [2, 3])], (o, i) => o.oneHot(i, { depth: 5 }))

gpuTest('indices out of range give zeros, and no gradient', async () => {
  const [y, dx, hot] = await evaluate(() => {
    const x = G.tensor([1, 2, 3], [3, 1], { requiresGrad: true })
    const i = G.tensor([-1, 1, 3])
    const y = G.gather(x, i)
    return [y, ...G.grad(y, [x]), G.oneHot(i, { depth: 2 })]
  })
  expect([[...y.data], [...dx.data], [...hot.data]]).toEqual([
    [0, 2, 0],
    [0, 1, 0],
    [0, 0, 0, 1, 0, 0],
  ])
})

gpuTest('equal rows add up in order: the same bits twice', async () => {
  const run = () =>
    valuesOf(() => {
      G.seed(3)
      return G.scatterAdd(G.randn([101, 7]), G.randomIntegers([101], 3), [3, 7])
    })
  expect(await run()).toEqual(await run())
})
