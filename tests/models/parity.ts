/** Whole models against PyTorch: a fixture's weights, noise and data must give its losses and gradients. */
import { expect } from 'vitest'
import { nn, slice, type Tensor, tensor } from '../../src/engine/index.ts'
import type { Field, ImageField, Need } from '../../src/models/data/fields.ts'
import { families } from '../../src/models/index.ts'
import type { OptionValue } from '../../src/models/options.ts'
import { Trainer } from '../../src/models/training/trainer.ts'
import { evaluate, gpuTest } from '../harness.ts'
import { relativeError } from '../ref/index.ts'

export interface Saved {
  shape: number[]
  data: number[]
}
/** Tensors by network and dotted name. */
export type Networks = Record<string, Record<string, Saved>>

export interface Fixture {
  weights: Networks
  /** Real minibatches, and latents and WGAN-GP's epsilons for each draw; the first dimension counts them. */
  real: Saved
  z: Saved
  epsilon?: Saved
  /** The classes of the real minibatches, of a family that takes them. */
  labels?: Saved
  /** Of every step, by the model's names. */
  metrics: Record<string, number[]>
  /** Of each network's first update. */
  gradients: Networks
}

/** A family and what it is built with. */
export interface Built {
  model: string
  image: Pick<ImageField, 'size' | 'channels'> & { classes?: number }
  options: Record<string, OptionValue>
}

const TOLERANCE = 1e-4
const worst = (errors: number[]): string => Math.max(...errors).toExponential(1)

/** Row `index` of a saved tensor. */
export function row({ shape, data }: Saved, index: number): Tensor {
  const size = data.length / shape[0]
  return tensor(data.slice(index * size, (index + 1) * size), shape.slice(1))
}

/** The rows one after the other, round and round. */
function feed(saved: Saved): () => Tensor {
  let next = 0
  return () => row(saved, next++ % saved.shape[0])
}

/** Runs `body` with a trainer whose model has the fixture's weights, and frees it. */
export async function withTrainer(
  { model, image, options }: Built,
  { weights }: Pick<Fixture, 'weights'>,
  body: (trainer: Trainer) => Promise<void>,
): Promise<void> {
  const { size, channels, classes = 0 } = image
  const field = ({ kinds }: Need): Field =>
    kinds.includes('label')
      ? { kind: 'label', classes: Array.from({ length: classes }, (_, i) => String(i)) }
      : { kind: 'image', size, channels }
  const takes = Object.entries(families[model].takes)
  const fields = Object.fromEntries(takes.map(([name, need]) => [name, field(need)]))
  const trainer = new Trainer({ model, fields, options, batch: 1, seed: 0 })
  try {
    for (const [name, net] of Object.entries(trainer.model.networks))
      load(givenIn(weights[name], nn.stateDict(net)), weights[name])
    await body(trainer)
  } finally {
    trainer.dispose()
  }
}

/** The tensors that a fixture has to give: those that are trained, and what else of the state it has. */
const givenIn = (saved: Record<string, Saved>, state: Record<string, Tensor>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(state).filter(([name, t]) => t.requiresGrad || name in saved))

/** The tensors that are trained, by name: all but running statistics and the like. */
const trainedOf = (state: Record<string, Tensor>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(state).filter(([, t]) => t.requiresGrad))

const load = (state: Record<string, Tensor>, saved: Record<string, Saved>): void =>
  nn.loadStateDict(
    state,
    Object.fromEntries(
      Object.entries(saved).map(([name, { shape, data }]) => [
        name,
        { shape, data: Float32Array.from(data) },
      ]),
    ),
  )

/** The top left of `whole` that has this shape. */
const cut = (whole: Tensor, shape: readonly number[]): Tensor =>
  slice(whole, { end: [...shape, ...whole.shape.slice(shape.length)] })

/**
 * Takes as many steps as the fixture has, or the given number; the metrics of each. The fixture's z, and for other noise
 * its epsilon, take the place of chance, as much of them as is asked for.
 */
export async function takeSteps(
  trainer: Trainer,
  { real, z, epsilon, labels, metrics }: Fixture,
  steps = metrics.lossD.length,
): Promise<Record<string, number>[]> {
  const { model } = trainer
  const names = Object.keys(model.metrics)
  const [field, label] = Object.keys(trainer.config.fields)
  const [nextReal, nextZ] = [feed(real), feed(z)]
  const [nextEpsilon, nextLabels] = [epsilon && feed(epsilon), labels && feed(labels)]
  const taken: Record<string, number>[] = []
  for (let step = 0; step < steps; step++) {
    const values = await evaluate(() => {
      let noise: Tensor | undefined
      const other = (shape: readonly number[]): Tensor => {
        noise ??= nextEpsilon?.()
        return cut(noise as Tensor, shape)
      }
      const named = model.step({
        ...trainer.context(),
        draw: () => ({ [field]: nextReal(), ...(nextLabels && { [label]: nextLabels() }) }),
        normal: (shape) => (shape.length === 2 ? cut(nextZ(), shape) : other(shape)),
        ...(nextEpsilon && { uniform: () => nextEpsilon() }),
      })
      return names.map((name) => named[name])
    })
    trainer.step++
    taken.push(Object.fromEntries(names.map((name, i) => [name, values[i].data[0]])))
  }
  return taken
}

/** The gradients of each network's first update from now on, by the names of its parameters. */
function firstGradients({ model }: Trainer): () => Promise<Record<string, Record<string, Float32Array>>> {
  const reads: Record<string, Promise<Float32Array>[]> = {}
  for (const [network, optimizer] of Object.entries(model.optimizers)) {
    const step = optimizer.step.bind(optimizer)
    optimizer.step = (grads) => {
      reads[network] ??= grads.map((g) => g.data())
      step(grads)
    }
  }
  const named = async (network: string) => {
    const names = Object.keys(trainedOf(nn.stateDict(model.networks[network])))
    const values = await Promise.all(reads[network])
    return [network, Object.fromEntries(names.map((name, i) => [name, values[i]]))] as const
  }
  return async () => Object.fromEntries(await Promise.all(Object.keys(reads).map(named)))
}

/** Registers the two tests that every model has to pass. */
export function expectParity(of: Built, fixture: Fixture): void {
  gpuTest("the first step's gradients are PyTorch's, each of them", () =>
    withTrainer(of, fixture, async (trainer) => {
      const gradients = firstGradients(trainer)
      await takeSteps(trainer, fixture, 1)
      const ours = await gradients()
      expect(Object.keys(ours).sort()).toEqual(Object.keys(fixture.gradients).sort())
      for (const [network, expected] of Object.entries(fixture.gradients)) {
        expect(Object.keys(ours[network]).sort()).toEqual(Object.keys(expected).sort())
        const errors = Object.entries(expected).map(([name, { data }]) => {
          const error = relativeError(ours[network][name], data)
          expect(error, `${network} ${name}`).toBeLessThan(TOLERANCE)
          return error
        })
        console.log(`worst relative error of the ${network}'s gradients against PyTorch: ${worst(errors)}`)
      }
    }),
  )

  gpuTest('ten training steps give the losses of PyTorch', () =>
    withTrainer(of, fixture, async (trainer) => {
      const taken = await takeSteps(trainer, fixture)
      expect(taken.length).toBe(10)
      expect(Object.keys(fixture.metrics).sort()).toEqual(Object.keys(trainer.model.metrics).sort())
      const errors = Object.entries(fixture.metrics).map(
        ([name, expected]) =>
          [
            name,
            expected.map((value, step) => Math.abs(taken[step][name] - value) / Math.abs(value)),
          ] as const,
      )
      const summary = errors.map(([name, each]) => `${name} ${worst(each)}`).join(', ')
      console.log(`worst relative errors against PyTorch over ten steps: ${summary}`)
      for (const [name, each] of errors)
        for (const [step, error] of each.entries())
          expect(error, `${name} of step ${step + 1}`).toBeLessThan(TOLERANCE)
    }),
  )
}

/** The values of all parameters of a network, end to end. */
export async function parameterValues(network: object): Promise<number[]> {
  const values = await Promise.all(nn.parameters(network).map((t) => t.data()))
  return values.flatMap((each) => [...each])
}
