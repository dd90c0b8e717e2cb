/** PyTorch's form of every family's checkpoint: there and back without losing a bit, and its rule of names and layouts. */
import { describe, expect } from 'vitest'
import { nn, safetensors, scope, zeros } from '../../src/engine/index.ts'
import type { Model } from '../../src/models/family.ts'
import { loadTorchFile, readTorchFile, torchFile } from '../../src/models/training/torchFile.ts'
import { fromTorch, toTorch } from '../../src/models/training/torchLayout.ts'
import { type Config, Trainer } from '../../src/models/training/trainer.ts'
import { gpuTest, randomOf } from '../harness.ts'
import { type Case, cases, configFor, nameOf, noiseFor } from './tiny.ts'

const BATCH = 2
const tested = [
  ...cases(['ring']),
  { model: 'gan', data: noiseFor('gan'), options: { emaDecay: 0.5 } },
  { model: 'wgan-gp', data: noiseFor('wgan-gp'), options: { residual: true } },
  { model: 'cgan', data: noiseFor('cgan'), options: { dense: true } },
  { model: 'dcgan', data: noiseFor('dcgan'), aids: { weightnorm: 1, minibatch: 2, replay: 4 } },
].map((each: Case) => ({
  name: [nameOf(each), ...Object.keys(each.aids ?? {})].join(' '),
  config: configFor(each, BATCH),
}))

/** Runs `body` with a new trainer. */
async function withTrainer(config: Config, body: (trainer: Trainer) => Promise<void>): Promise<void> {
  const trainer = new Trainer(config)
  try {
    await body(trainer)
  } finally {
    trainer.dispose()
  }
}

/** Runs `body` with a trainer whose state is noise: as if it had trained, without waiting for that. */
const withNoise = (config: Config, body: (trainer: Trainer) => Promise<void>): Promise<void> =>
  withTrainer(config, async (trainer) => {
    const { tensors } = safetensors.read(await trainer.checkpoint())
    const random = randomOf('state')
    for (const saved of Object.values(tensors)) saved.data = saved.data.map(() => random() - 0.5)
    const updates = Object.fromEntries(Object.keys(trainer.model.optimizers).map((name, i) => [name, 7 + i]))
    trainer.load({ tensors, step: 5, updates, random: { seed: 3, block: 99 } })
    await body(trainer)
  })

describe('export, then import', () => {
  for (const { name, config } of tested)
    gpuTest(`${name}: the checkpoint is the same, bit for bit`, () =>
      withNoise(config, async (trained) => {
        const checkpoint = await trained.checkpoint()
        const file = torchFile(checkpoint, trained.model)
        expect(readTorchFile(file, 'x').config).toEqual(config)
        await withTrainer(config, async (trainer) => {
          loadTorchFile(trainer, file, 'x')
          expect(trainer.step).toBe(5)
          expect(await trainer.checkpoint()).toEqual(checkpoint)
        })
      }),
    )
})

/** A model of the given layers, which is never trained. */
const modelOf = (networks: Record<string, object>) => ({ networks, optimizers: {} }) as unknown as Model

gpuTest('names and layouts go by the kind of the layer and the rank', () => {
  scope(() => {
    const net = {
      project: new nn.Linear(2, 3),
      fromRgb: new nn.Conv2d(2, 3, [4, 5]),
      ups: [new nn.ConvTranspose2d(2, 3, [4, 5])],
      norm: new nn.BatchNorm(3),
      layerNorm: new nn.LayerNorm([4, 5, 3]),
      embedding: new nn.Embedding(2, 3),
      attention: { gamma: zeros([1]), T: zeros([2, 3]) },
      constant: zeros([1, 4, 5, 3]),
      norms: { u: { 'blocks.0.conv1': zeros([3]) } },
    }
    const own = nn.stateDict({ net })
    const tensors = Object.fromEntries(
      Object.entries(own).map(([name, { shape, size }]) => [name, { shape, data: new Float32Array(size) }]),
    )
    const shapes = Object.entries(toTorch(modelOf({ net }), tensors)).map(([name, { shape }]) => [
      name,
      shape,
    ])
    expect(Object.fromEntries(shapes)).toEqual({
      'net.project.weight': [3, 2],
      'net.project.bias': [3],
      'net.from_rgb.weight': [3, 2, 4, 5],
      'net.from_rgb.bias': [3],
      'net.ups.0.weight': [2, 3, 4, 5],
      'net.ups.0.bias': [3],
      'net.norm.weight': [3],
      'net.norm.bias': [3],
      'net.norm.running_mean': [3],
      'net.norm.running_var': [3],
      'net.layer_norm.weight': [3, 4, 5],
      'net.layer_norm.bias': [3, 4, 5],
      'net.embedding.weight': [2, 3],
      'net.attention.gamma': [1],
      'net.attention.T': [2, 3],
      'net.constant': [1, 3, 4, 5],
      'net.norms.u.blocks.0.conv1': [3],
    })
  })
})

gpuTest('values move with their axes', () => {
  scope(() => {
    const conv = { weight: zeros([1, 2, 2, 3]) }
    const data = Float32Array.from({ length: 12 }, (_, i) => i) // [kw, cin, cout], a kernel of one line
    const model = modelOf({ D: { conv } })
    const theirs = toTorch(model, { 'D.conv.weight': { shape: [1, 2, 2, 3], data } })
    const { shape, data: moved } = theirs['D.conv.weight']
    expect(shape).toEqual([3, 2, 1, 2])
    expect([...moved]).toEqual([0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11]) // [cout, cin, kw]
    expect(fromTorch(model, theirs, 'x')['D.conv.weight'].data).toEqual(data)
  })
})

describe('a file from elsewhere', () => {
  const config = configFor({ model: 'stylegan-lite', data: noiseFor('stylegan-lite') }, BATCH)
  /** Imports what `change` makes of an exported file. */
  const imported = (
    change: (parts: safetensors.SafetensorsFile) => void,
    body?: (trainer: Trainer) => Promise<void>,
  ) =>
    withNoise(config, async (trained) => {
      const parts = safetensors.read(torchFile(await trained.checkpoint(), trained.model))
      change(parts)
      const file = safetensors.write(parts)
      await withTrainer(config, async (trainer) => {
        const before = await trainer.checkpoint()
        if (body) {
          loadTorchFile(trainer, file, 'x.st')
          return body(trainer)
        }
        try {
          loadTorchFile(trainer, file, 'x.st')
        } finally {
          expect(await trainer.checkpoint()).toEqual(before)
        }
      })
    })
  const without = (tensors: Record<string, unknown>, prefix: string): void => {
    for (const name of Object.keys(tensors)) if (name.startsWith(prefix)) delete tensors[name]
  }

  gpuTest('with networks alone, averages begin at the parameters and optimisers anew', () =>
    imported(
      (parts) => {
        without(parts.tensors, 'average.')
        without(parts.tensors, 'optimizer.')
        parts.metadata = {}
      },
      async (trainer) => {
        expect(trainer.step).toBe(0)
        const { tensors, metadata } = safetensors.read(await trainer.checkpoint())
        expect(JSON.parse(metadata.updates)).toEqual({ generator: 0, discriminator: 0 })
        const own = Object.keys(tensors).filter((name) => name.startsWith('optimizer.'))
        expect(own.length).toBeGreaterThan(0)
        for (const name of own)
          expect(
            tensors[name].data.every((v) => v === 0),
            name,
          ).toBe(true)
        expect(tensors['average.generator.0']).toEqual(tensors['generator.mapping.layers.0.weight'])
      },
    ),
  )

  const weight = 'generator.mapping.layers.0.weight'
  const bad: [string, RegExp, (parts: safetensors.SafetensorsFile) => void][] = [
    [
      'lacks a tensor',
      /^x.st: lacks generator.mapping.layers.0.weight$/,
      ({ tensors }) => delete tensors[weight],
    ],
    [
      'has one more',
      /^x.st: has unknown generator.more$/,
      ({ tensors }) => {
        tensors['generator.more'] = { shape: [1], data: new Float32Array(1) }
      },
    ],
    [
      'has one of another shape',
      /^x.st: generator.mapping.layers.0.weight is \[4,16\], expected \[8,8\]$/,
      ({ tensors }) => {
        tensors[weight] = { ...tensors[weight], shape: [4, 16] }
      },
    ],
    [
      'has one that is not finite',
      /^x.st: generator.mapping.layers.0.weight has values that are not finite$/,
      ({ tensors }) => {
        tensors[weight].data[3] = Number.NaN
      },
    ],
    [
      'averages what is not trained',
      /^x.st: average.generator.mean_style differs from generator.mean_style: /,
      ({ tensors }) => {
        tensors['average.generator.mean_style'].data[0] += 1
      },
    ],
    [
      'does not say how many updates there were',
      /^x.st: its metadata's updates lack those of optimizer.generator$/,
      ({ metadata }) => {
        metadata.updates = '{}'
      },
    ],
    [
      'has damaged metadata',
      /^x.st: step: expected a whole number, at least 0, got -1$/,
      ({ metadata }) => {
        metadata.step = '-1'
      },
    ],
  ]
  for (const [what, message, change] of bad)
    gpuTest(`that ${what} is refused, and nothing is changed`, () =>
      expect(imported(change)).rejects.toThrow(message),
    )
})
