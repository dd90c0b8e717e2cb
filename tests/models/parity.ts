/** Whole models against PyTorch: a fixture's weights, noise and data must give its losses and gradients. */
import { expect } from 'vitest'
import { nn, type Tensor, tensor } from '../../src/engine/index.ts'
import type { GanModel, Metrics } from '../../src/models/model.ts'
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
  /** Of every step, by the model's names. */
  metrics: Record<string, number[]>
  /** Of each network's first update. */
  gradients: Networks
}

/** A model of which a step's sources of chance can be given. */
interface Model extends GanModel {
  step(real: () => Tensor, latent?: (count: number) => Tensor, random?: (count: number) => Tensor): Metrics
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

/** Runs `body` with a model that has the fixture's weights, and frees the model. */
export async function withModel<M extends GanModel>(
  make: () => M,
  { weights }: Pick<Fixture, 'weights'>,
  body: (model: M) => Promise<void>,
): Promise<void> {
  const model = make()
  const states = Object.entries(model.networks).map(([name, net]) => [name, nn.stateDict(net)] as const)
  try {
    for (const [network, state] of states) load(givenIn(weights[network], state), weights[network])
    await body(model)
  } finally {
    const { optimizers, averages = {} } = model
    for (const user of [...Object.values(optimizers), ...Object.values(averages)]) user.dispose()
    for (const [, state] of states) for (const t of Object.values(state)) t.dispose()
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

/** Takes as many steps as the fixture has, or the given number; the metrics of each. */
export async function takeSteps(
  model: Model,
  { real, z, epsilon, metrics }: Fixture,
  steps = metrics.lossD.length,
): Promise<Record<string, number>[]> {
  const sources = [feed(real), feed(z), epsilon && feed(epsilon)] as const
  const taken: Record<string, number>[] = []
  for (let step = 0; step < steps; step++) {
    const values = await evaluate(() => {
      const named = model.step(...sources)
      return model.metrics.map((name) => named[name])
    })
    taken.push(Object.fromEntries(model.metrics.map((name, i) => [name, values[i].data[0]])))
  }
  return taken
}

/** The gradients of each network's first update from now on, by the names of its parameters. */
function firstGradients(model: Model): () => Promise<Record<string, Record<string, Float32Array>>> {
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
export function expectParity(make: () => Model, fixture: Fixture): void {
  gpuTest("the first step's gradients are PyTorch's, each of them", () =>
    withModel(make, fixture, async (model) => {
      const gradients = firstGradients(model)
      await takeSteps(model, fixture, 1)
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
    withModel(make, fixture, async (model) => {
      const taken = await takeSteps(model, fixture)
      expect(taken.length).toBe(10)
      expect(Object.keys(fixture.metrics).sort()).toEqual([...model.metrics].sort())
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
