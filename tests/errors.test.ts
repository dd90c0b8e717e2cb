/** Every documented error, provoked: its class, and that the message names the op, the shapes and what was expected. */
import { describe, expect, test } from 'vitest'
import { type Gpu, openGpu } from '../src/engine/gpu/device.ts'
import { run } from '../src/engine/gpu/kernel.ts'
import { shaderFile } from '../src/engine/gpu/wgsl.ts'
import * as G from '../src/engine/index.ts'
import { gpu, init, memory, nn, optim, scope, type Tensor, tensor } from '../src/engine/index.ts'
import { empty } from '../src/engine/tensor/tensor.ts'
import { gpuTest } from './harness.ts'

const z = (...shape: number[]): Tensor => G.zeros(shape)
const tracked = (...shape: number[]): Tensor => G.zeros(shape, { requiresGrad: true })
const images = () => z(2, 5, 5, 3)

type Case = [what: string, provoke: () => unknown, message: RegExp]
const SHAPE_ERRORS: Case[] = [
  ['negative sizes', () => G.reshape(z(4), [-2, -2]), /^reshape: cannot make \[-2, -2\] of \[4\]/],
  ['permute beyond the rank', () => G.permute(z(2, 3, 4), [0, -5, 2]), /^permute: axes \[0, -5, 2\]/],
  ['a fractional slice', () => G.slice(z(4), { start: [0.5] }), /^slice: \[0.5\] to \[\] is not a block/],
  ['eps', () => G.batchNorm(z(2, 3), z(3), z(3), { eps: Number.NaN }), /^batchNorm: eps must be a finite/],
  ['clamp', () => G.clamp(z(2), { min: 1, max: 0 }), /^clamp: expected min <= max, got 1 and 0/],
  ['an infinite range', () => G.uniform([2], { max: Number.POSITIVE_INFINITY }), /^uniform: expected finite/],
  ['values for a shape', () => tensor([1, 2, 3], [2, 2]), /^tensor: shape \[2, 2\] holds 4 values, got 3/],
  ['an empty dimension', () => z(2, 0), /^full: every dimension must be a positive integer, got \[2, 0\]/],
  ['a fractional dimension', () => G.randn([1.5]), /^randn: every dimension .* got \[1.5\]/],
  ['write of another size', () => z(2).write([1]), /^write: expected 2 values, got 1/],
  ['broadcasting', () => G.add(z(2, 3), z(4)), /^add: cannot broadcast \[2, 3\] with \[4\].*3 against 4/],
  ['broadcastTo', () => G.broadcastTo(z(3), [4]), /^broadcastTo: .*\[4\].*\[3\]/],
  [
    'broadcastTo a smaller shape',
    () => G.broadcastTo(z(2, 3), [3]),
    /^broadcastTo: \[2, 3\] is larger than \[3\]/,
  ],
  ['assign', () => G.assign(z(2), z(3)), /^assign: cannot write \[3\] into \[2\]/],
  ['an axis out of range', () => G.sum(z(2, 3), { axes: 2 }), /^sum: axis 2 is outside a tensor of rank 2/],
  ['an axis twice', () => G.mean(z(2, 3), { axes: [1, -1] }), /^mean: axes \[1, 1\] repeat/],
  ['softmax along none', () => G.softmax(z(2), { axis: 3 }), /axis 3 is outside a tensor of rank 1/],
  [
    'matmul of a vector',
    () => G.matmul(z(3), z(3, 2)),
    /^matmul: expected matrices .* got \[3\] by \[3, 2\]/,
  ],
  [
    'inner sizes',
    () => G.matmul(z(2, 3), z(4, 2)),
    /^matmul: inner sizes 3 and 4 differ: \[2, 3\] by \[4, 2\]/,
  ],
  ['batches', () => G.matmul(z(2, 1, 1), z(3, 1, 1)), /^matmul: batches 2 and 3 differ/],
  ['linear', () => G.linear(z(2, 3), z(4, 5)), /^linear: expected x .* got \[2, 3\] and \[4, 5\]/],
  ['a bias of linear', () => G.linear(z(2, 3), z(3, 5), z(4)), /^linear: expected a bias \[5\], got \[4\]/],
  [
    'conv2d rank',
    () => G.conv2d(z(5, 5, 3), z(3, 3, 3, 4)),
    /^conv2d: expected x \[N, H, W, Cin\].* got \[5, 5, 3\]/,
  ],
  [
    'conv2d channels',
    () => G.conv2d(images(), z(3, 3, 4, 8)),
    /^conv2d: x has 3 channels, the weights take 4/,
  ],
  [
    'conv2d bias',
    () => G.conv2d(images(), z(3, 3, 3, 8), { bias: z(3) }),
    /^conv2d: expected a bias \[8\], got \[3\]/,
  ],
  ['conv2d kernel', () => G.conv2d(images(), z(7, 7, 3, 8)), /^conv2d: a kernel of 7x7 does not fit in 5x5/],
  [
    'conv2d stride',
    () => G.conv2d(images(), z(3, 3, 3, 1), { stride: 0 }),
    /^conv2d: stride must be an integer of at least 1/,
  ],
  [
    'conv2d padding',
    () => G.conv2d(images(), z(3, 3, 3, 1), { padding: -1 }),
    /^conv2d: padding must be .* got -1/,
  ],
  [
    'convTranspose2d channels',
    () => G.convTranspose2d(images(), z(4, 4, 8, 5)),
    /^convTranspose2d: x has 3 channels, the weights take 5/,
  ],
  [
    'outputPadding',
    () => G.convTranspose2d(images(), z(4, 4, 8, 3), { outputPadding: 1 }),
    /^convTranspose2d: outputPadding 1, 1 must be smaller than the stride 1, 1/,
  ],
  [
    'nothing left',
    () => G.convTranspose2d(z(1, 1, 1, 3), z(2, 2, 1, 3), { padding: 1 }),
    /^convTranspose2d: padding \[1,1,1,1\] leaves no output/,
  ],
  [
    'conv2dWeightGrad',
    () => G.conv2dWeightGrad(images(), z(2, 4, 4, 8), { kernel: [3, 3] }),
    /^conv2dWeightGrad: .* gives 3x3, but dy is \[2, 4, 4, 8\]/,
  ],
  [
    'batchNorm',
    () => G.batchNorm(images(), z(3), z(4)),
    /^batchNorm: expected scale and shift \[3\], got \[4\]/,
  ],
  ['batchNorm rank', () => G.batchNorm(z(3), z(3), z(3)), /^batchNorm: expected \[N, C\]/],
  [
    'half an affine',
    () => G.instanceNorm(images(), z(3)),
    /^instanceNorm: give both scale and shift, or neither/,
  ],
  [
    'instanceNorm rank',
    () => G.instanceNorm(z(2, 3)),
    /^instanceNorm: expected x \[N, H, W, C\], got \[2, 3\]/,
  ],
  ['adain', () => G.adain(images(), z(3), z(3)), /^adain: expected scale and shift \[2, 3\], got \[3\]/],
  [
    'layerNorm',
    () => G.layerNorm(z(2, 3), z(2), z(2)),
    /^layerNorm: gamma \[2\].*trailing dimensions of x \[2, 3\]/,
  ],
  ['pixelNorm', () => G.pixelNorm(z(3)), /^pixelNorm: expected \[..., C\], got \[3\]/],
  [
    'reshape',
    () => G.reshape(z(2, 3), [4, -1]),
    /^reshape: cannot make \[4, -1\] of \[2, 3\], which holds 6/,
  ],
  [
    'permute',
    () => G.permute(z(2, 3), [0]),
    /^permute: axes \[0\] do not name each of the 2 axes of \[2, 3\]/,
  ],
  ['slice', () => G.slice(z(3), { start: [2], end: [2] }), /^slice: \[2\] to \[2\] is not a block of \[3\]/],
  ['concat of none', () => G.concat([]), /^concat: expected at least one tensor/],
  ['concat', () => G.concat([z(2, 3), z(2, 4)]), /^concat: shapes \[2, 3\], \[2, 4\] differ outside axis 0/],
  ['pad', () => G.pad(z(3), { padding: [[-1, 0]] }), /^pad: expected \[before, after\] of non-negative/],
  [
    'reflection',
    () => G.pad(z(3), { padding: [[3, 0]], mode: 'reflect' }),
    /^pad: reflection by \[3, 0\].* axis 0 of \[3\] is 3/,
  ],
  [
    'pixelShuffle',
    () => G.pixelShuffle(images(), { factor: 2 }),
    /^pixelShuffle: expected \[N, H, W, C \* 2²\], got \[2, 5, 5, 3\]/,
  ],
  ['gather', () => G.gather(z(), z(2)), /^gather: expected a table \[rows, ...\], got \[\]/],
  [
    'scatterAdd',
    () => G.scatterAdd(z(2, 3), z(2), [4, 5]),
    /^scatterAdd: \[2, 3\] is not a row of \[5\] for each index of \[2\]/,
  ],
  ['oneHot', () => G.oneHot(z(2), { depth: 0 }), /^oneHot: expected a positive integer depth, got 0/],
  [
    'upsample2d',
    () => G.upsample2d(z(5, 5, 3), { scale: 2 }),
    /^upsample2d: expected x \[N, H, W, C\], got \[5, 5, 3\]/,
  ],
  ['upsample2d scale', () => G.upsample2d(images(), { scale: 1.5 }), /^upsample2d: scale must be an integer/],
  [
    'avgPool2d',
    () => G.avgPool2d(images(), { kernel: 2, padding: 2 }),
    /^avgPool2d: padding \[2,2,2,2\] must be smaller than the kernel 2x2/,
  ],
  [
    'maxPool2d',
    () => G.maxPool2d(images(), { kernel: 6 }),
    /^maxPool2d: a kernel of 6x6 does not fit in 5x5/,
  ],
  ['dropout', () => G.dropout(z(3), { p: 1 }), /^dropout: expected a probability p in \[0, 1\), got 1/],
  ['seed', () => G.seed(-1), /^seed: expected an integer in \[0, 2\^32\), got -1/],
  ['a fractional seed', () => G.seed(0.5), /^seed: .* got 0.5/],
  ['uniform', () => G.uniform([2], { min: 1, max: 1 }), /^uniform: expected finite min < max, got 1 and 1/],
  ['randomIntegers', () => G.randomIntegers([2], 0), /^randomIntegers: expected max in \[1, 2\^24\], got 0/],
  [
    'grad by a constant',
    () => G.grad(tracked(2), [z(3)]),
    /^grad: input 0 of shape \[3\] is not tracked: make it with \{ requiresGrad: true \}/,
  ],
  [
    'gradOutput',
    () => G.grad(tracked(2), [tracked(2)], { gradOutput: z(3) }),
    /^grad: gradOutput of shape \[3\] for an output of shape \[2\]/,
  ],
  ['no parameters', () => new optim.SGD([], { lr: 1 }), /^SGD: expected at least one parameter/],
]

describe('ShapeError', () => {
  for (const [what, provoke, message] of SHAPE_ERRORS)
    gpuTest(what, () => {
      expect(() => scope(provoke)).toThrow(G.ShapeError)
      expect(() => scope(provoke)).toThrow(message)
    })

  gpuTest('item of many', async () => {
    const x = z(2)
    await expect(x.item()).rejects.toThrow(/^item: expected one element, got shape \[2\]/)
    x.dispose()
  })

  gpuTest('gradients that do not fit an optimiser', () => {
    const params = [tracked(3), tracked(2, 5)]
    const sgd = new optim.SGD(params, { lr: 1 })
    scope(() => {
      expect(() => sgd.step([z(3)])).toThrow(/^SGD: 1 gradients for 2 parameters/)
      expect(() => sgd.step([z(3), z(5, 2)])).toThrow(
        /^SGD: gradient 1 has shape \[5, 2\], its parameter \[2, 5\]/,
      )
      const twice = z(2)
      expect(() => new optim.EMA([twice, twice])).toThrow(/^EMA: a parameter is listed twice/)
    })
    sgd.dispose()
    expect(() => sgd.step([])).toThrow(G.DisposedError)
    for (const p of params) p.dispose()
  })
})

describe('DisposedError', () => {
  gpuTest('a disposed tensor', async () => {
    const x = z(2, 3)
    x.dispose()
    expect(() => G.add(x, 1)).toThrow(G.DisposedError)
    expect(() => G.exp(x)).toThrow(/^exp: a tensor of shape \[2, 3\] was disposed, or its scope has ended/)
    expect(() => G.reshape(x, [6])).toThrow(/^reshape: /)
    await expect(x.data()).rejects.toThrow(/^data: a tensor of shape \[2, 3\] was disposed/)
  })
  gpuTest('a tensor from a scope that ended', () => {
    let kept = {} as Tensor
    scope(() => {
      kept = z(2)
    })
    expect(() => G.matmul(kept, kept)).toThrow(G.ShapeError)
    expect(() => G.sum(kept)).toThrow(/return it from the scope to keep it/)
  })
  gpuTest('a tape through a scope that ended', () => {
    const x = tracked(2)
    const y = scope(() => G.square(G.exp(x)))
    expect(() => G.grad(y, [x])).toThrow(G.DisposedError)
    for (const t of [x, y]) t.dispose()
  })
})

describe('LimitError', () => {
  gpuTest('a tensor over the device’s limit', () => {
    const { maxStorageBufferBindingSize, maxBufferSize } = gpu().device.limits
    const before = memory()
    const tooMany = Math.floor(Math.min(maxStorageBufferBindingSize, maxBufferSize) / 4) + 1
    expect(() => z(tooMany)).toThrow(G.LimitError)
    expect(() => z(tooMany)).toThrow(
      new RegExp(
        `^full: a tensor of shape \\[${tooMany}\\] needs ${4 * tooMany} bytes, over .*max\\w+Size of \\d+`,
      ),
    )
    expect(memory()).toEqual(before)
  })
})

describe('ShaderError', () => {
  const launch = (more: object = {}) => {
    const [a, y] = [z(4), empty([4])]
    const single = {
      T: 'f32',
      BITS: 'i32',
      RANK: 1,
      SINGLE: true,
      HAS_A: true,
      A_TYPE: 'f32',
      A_STRIDE0: '1u',
    }
    const params = { n: 4, a: 0, b: 0, c: 0, p: 0, q: 0 }
    run('pointwise', { defines: { ...single, EXPR: 'a' }, buffers: { a, y }, params, threads: 4, ...more })
    return y
  }
  const broken = { T: 'f32', BITS: 'i32', RANK: 0, EXPR: 'a + nonsense' }

  gpuTest('WGSL that does not compile: file, line and expanded source', async () => {
    const y = scope(() => launch({ defines: broken, buffers: { y: empty([4]) } }))
    const error = await y.data().catch((e) => e)
    expect(error).toBeInstanceOf(G.ShaderError)
    const line = shaderFile('pointwise.wgsl').split('\n').indexOf('  return EXPR;') + 1
    expect(error.message).toMatch(`pointwise.wgsl does not compile: pointwise.wgsl:${line}: `)
    expect(error.message).toMatch(/unresolved value 'nonsense'/)
    expect(error.message).toMatch(/^ +\d+ {3}return a \+ nonsense;$/m)
    y.dispose()
  })
  gpuTest('work after a broken kernel goes on', async () => {
    const y = scope(() => launch())
    expect([...(await y.data())]).toEqual([0, 0, 0, 0])
    y.dispose()
  })
  gpuTest('WGSL that does not parse', () => {
    expect(() => scope(() => launch({ defines: { ...broken, T: 'array<' } }))).toThrow(
      /^pointwise.wgsl does not parse/,
    )
  })
  gpuTest('a missing file, buffer or param', () => {
    scope(() => {
      expect(() => run('nothing', { buffers: {}, threads: 1 })).toThrow(
        /no shader file nothing.wgsl in src\/shaders/,
      )
      expect(() => launch({ buffers: { a: z(4) } })).toThrow(/^pointwise: no tensor given for buffer 'y'/)
      expect(() => launch({ params: { n: 4 } })).toThrow(/^pointwise: no value given for param 'a'/)
    })
  })
  gpuTest('a buffer that is read and written at once', () => {
    scope(() => {
      const x = z(4)
      expect(() => G.assign(x, x)).toThrow(/^pointwise: the buffer written as binding 0 is bound twice/)
    })
  })
})

describe('CheckpointError', () => {
  gpuTest('a state that does not fit changes nothing', async () => {
    const layer = scope(() => new nn.Linear(2, 3))
    const before = await layer.weight.data()
    const weight = { shape: [2, 3], data: new Float32Array(6) }
    const bias = { shape: [3], data: new Float32Array(3) }
    const load = (saved: Record<string, typeof weight>) => () => nn.loadStateDict(layer, saved)
    expect(load({ weight })).toThrow(G.CheckpointError)
    expect(load({ weight })).toThrow(/^loadStateDict: missing bias$/)
    expect(load({ weight, bias, other: bias })).toThrow(/^loadStateDict: unknown other$/)
    expect(load({ weight, bias: weight })).toThrow(/bias is \[3\] in the model and \[2, 3\] in the file/)
    expect(load({ weight, bias: { ...bias, data: new Float32Array(2) } })).toThrow(
      /bias has 2 values for shape \[3\]/,
    )
    expect(await layer.weight.data()).toEqual(before)
    for (const t of nn.parameters(layer)) t.dispose()
  })
})

// Last: they end the device that all files share, and open another.
describe('DeviceLostError', () => {
  test('a lost device ends pending reads, and init() opens another', async () => {
    await init()
    const x = G.add(z(2), 1)
    await x.data()
    const pending = x.data()
    gpu().device.destroy()
    await expect(pending).rejects.toThrow(G.DeviceLostError)
    await expect(pending).rejects.toThrow(/the GPU device was lost .*call init\(\) for a new one/)
    expect(() => gpu()).toThrow(G.DeviceLostError)
    expect(() => z(2)).toThrow(/no GPU device: await init\(\) first/)

    await init()
    expect(memory().liveBuffers).toBe(0)
    expect(() => G.add(x, 1)).toThrow(G.DeviceLostError)
    await expect(x.data()).rejects.toThrow(G.DeviceLostError)
    x.dispose()
    const y = z(2)
    expect([...(await y.data())]).toEqual([0, 0])
    y.dispose()
    expect(memory().liveBuffers).toBe(0)
  })
  test('shutdown()', async () => {
    const x = z(2)
    G.shutdown()
    expect(() => z(2)).toThrow(G.DeviceLostError)
    await expect(x.data()).rejects.toThrow(G.DeviceLostError)
    await init()
    x.dispose()
    expect(memory().liveBuffers).toBe(0)
  })
  test('a device whose preparation failed is given to nobody', async () => {
    const { hasQuads } = await init()
    G.shutdown()
    let opened: Gpu | undefined
    const prepare = async (g: Gpu): Promise<void> => {
      opened = g
      expect(gpu()).toBe(g)
      await z(2).data()
      throw new Error('not prepared')
    }
    const both = await Promise.allSettled([openGpu({}, prepare), init()])
    expect(both.map((each) => each.status === 'rejected' && each.reason.message)).toEqual(
      Array(2).fill('not prepared'),
    )
    expect(() => gpu()).toThrow(G.DeviceLostError)
    expect((await opened?.device.lost)?.reason).toBe('destroyed')
    const g = await init()
    expect(g).not.toBe(opened)
    expect(g.hasQuads).toBe(hasQuads)
  })
  test('no WebGPU, or no adapter, says what to do', async () => {
    G.shutdown()
    const without = { requestAdapter: async () => null } as unknown as GPU
    await expect(init({ gpu: without })).rejects.toThrow(/no adapter here.*--enable-unsafe-webgpu/)
    await init()
  })
})

describe('what an error leaves behind', () => {
  gpuTest('launches that fail use nothing up', async () => {
    const gone = z(3)
    gone.dispose()
    for (let i = 0; i < 100; i++) expect(() => scope(() => G.sum(gone))).toThrow(/disposed/)
    const y = scope(() => G.sum(G.ones([3])))
    expect(await y.item()).toBe(3)
    y.dispose()
  })

  /** The result of a kernel that WebGPU finds wrong, and says so by `name`. */
  function broken(name: string): Tensor {
    const y = empty([4])
    run('pointwise', {
      defines: { T: 'vec4f', BITS: 'vec4i', EXPR: `${name}(a)`, RANK: 1, SINGLE: true },
      buffers: { y },
      params: { n: 1, a: 0, b: 0, c: 0, p: 0, q: 0 },
      threads: 1,
    })
    return y
  }
  /** What each read came to: its values, or the broken kernel that its error names. */
  const told = async (reads: Promise<Float32Array>[]): Promise<unknown[]> =>
    (await Promise.allSettled(reads)).map((read) =>
      read.status === 'fulfilled'
        ? [...read.value]
        : (/unresolved call target '(\w+)'/.exec(read.reason.message)?.[1] ?? read.reason),
    )

  gpuTest('every read of work that failed is told, and work begun later is not', async () => {
    const [a, b] = scope(() => [broken('told_to_all'), G.ones([2])])
    expect(await told([a.data(), b.data(), a.data()])).toEqual(Array(3).fill('told_to_all'))
    const c = G.ones([2])
    expect(await told([c.data()])).toEqual([[1, 1]])
    for (const t of [a, b, c]) t.dispose()
  })

  gpuTest('one failure after another: each read is told its own', async () => {
    for (const name of ['first_failure', 'second_failure', 'third_failure']) {
      const y = broken(name)
      expect(await told([y.data()])).toEqual([name])
      y.dispose()
    }
    const fine = G.full([2], 5)
    expect(await told([fine.data()])).toEqual([[5, 5]])
    fine.dispose()
  })

  gpuTest('failures whose reads are on their way together: each read is told its own', async () => {
    const one = broken('one_of_two')
    const first = one.data()
    const two = broken('two_of_two')
    expect(await told([first, two.data()])).toEqual(['one_of_two', 'two_of_two'])
    const three = broken('cause')
    const four = broken('effect') // in the same batch
    expect(await told([three.data(), four.data()])).toEqual(['cause', 'cause'])
    for (const t of [one, two, three, four]) t.dispose()
  })

  gpuTest('what a batch that failed should have written stays an error until it is written', async () => {
    const [a, b] = scope(() => [broken('lost_batch'), G.ones([2])])
    expect(await told([a.data()])).toEqual(['lost_batch'])
    expect(await told([b.data(), a.data(), b.data()])).toEqual(Array(3).fill('lost_batch'))
    b.write([3, 4])
    expect(await told([b.data()])).toEqual([[3, 4]])
    a.dispose()
    b.dispose()
  })

  gpuTest('a launch of a kernel whose error is not known yet ends with that error', async () => {
    const a = broken('unknown_yet')
    const first = a.data()
    const b = broken('unknown_yet')
    expect(await told([first, b.data()])).toEqual(['unknown_yet', 'unknown_yet'])
    expect(() => scope(() => broken('unknown_yet'))).toThrow(/unresolved call target 'unknown_yet'/)
    a.dispose()
    b.dispose()
  })

  gpuTest('buffers over what the pool keeps are destroyed after the work that uses them', async () => {
    const y = scope(() => {
      const large = Array.from({ length: 10 }, (_, i) => G.full([2 ** 24], i))
      return G.slice(large[9], { start: [2 ** 24 - 2] })
    })
    expect([...(await y.data())]).toEqual([9, 9])
    y.dispose()
    gpu().trim()
    expect(memory().pooledBytes).toBe(0)
  })

  gpuTest('a disposed optimiser or average cannot be used', () => {
    const p = z(3)
    const adam = new optim.Adam([p])
    const ema = new optim.EMA([p])
    adam.dispose()
    ema.dispose()
    expect(() => adam.step([p])).toThrow(/^Adam: used after dispose/)
    expect(() => adam.stateDict()).toThrow(/^Adam: used after dispose/)
    expect(() => ema.averaged(() => 0)).toThrow(/^EMA: used after dispose/)
    expect(() => ema.stateDict()).toThrow(/^EMA: used after dispose/)
    p.dispose()
  })
})

test('noGrad refuses an async function', () => {
  expect(() => G.noGrad(async () => {})).toThrow(/^noGrad: the function must not be async/)
})
