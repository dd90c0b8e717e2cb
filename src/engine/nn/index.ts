/** Layers: objects with Tensor fields and a `forward`. No base class; `parameters` and `stateDict` walk the fields. */

import { type Conv2dOptions, conv2d, convTranspose2d } from '../ops/conv2d.ts'
import { dropout } from '../ops/dropout.ts'
import { adain, batchNormEval, batchNormRunning, instanceNorm, layerNorm } from '../ops/fused/norm.ts'
import { linear } from '../ops/matmul.ts'
import { slice } from '../ops/movement.ts'
import { add, ones, zeros } from '../ops/pointwise.ts'
import { gather } from '../ops/rows.ts'
import { randn } from '../tensor/random.ts'
import { type ConvOptions, type Pair, pair, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { heUniform, type Initializer } from './initializers.ts'
import { walk } from './state.ts'

export * as init from './initializers.ts'
export { SpectralNorm } from './spectralNorm.ts'
export { evaluating, loadStateDict, parameters, setTraining, stateDict, walk, withTensors } from './state.ts'

/** Anything that maps a tensor to a tensor. */
export interface Layer {
  forward(x: Tensor): Tensor
}

interface WeightOptions {
  bias?: boolean
  init?: Initializer
}

const parameter = (t: Tensor): Tensor => {
  t.requiresGrad = true
  return t
}

/** PyTorch's default for dense and conv weights: uniform within 1 / sqrt(fan in). */
const defaultInit = heUniform({ slope: Math.sqrt(5) })

/** x [..., in] -> [..., out] */
export class Linear implements Layer {
  readonly weight: Tensor
  readonly bias?: Tensor
  constructor(inputs: number, outputs: number, { bias = true, init = defaultInit }: WeightOptions = {}) {
    this.weight = parameter(init([inputs, outputs]))
    if (bias) this.bias = parameter(zeros([outputs]))
  }
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias)
  }
}

/** x [N, H, W, cin] -> [N, Ho, Wo, cout] */
export class Conv2d implements Layer {
  readonly weight: Tensor
  readonly bias?: Tensor
  private readonly options: ConvOptions & Pick<Conv2dOptions, 'slope'>
  constructor(
    cin: number,
    cout: number,
    kernel: Pair,
    {
      bias = true,
      init = defaultInit,
      ...options
    }: WeightOptions & ConvOptions & Pick<Conv2dOptions, 'slope'> = {},
  ) {
    this.weight = parameter(init([...pair(kernel, 'Conv2d', 'kernel'), cin, cout]))
    if (bias) this.bias = parameter(zeros([cout]))
    this.options = options
  }
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, { ...this.options, bias: this.bias })
  }
}

/** x [N, H, W, cin] -> [N, Ho, Wo, cout], the size multiplied by the stride */
export class ConvTranspose2d implements Layer {
  readonly weight: Tensor
  readonly bias?: Tensor
  private readonly options: ConvOptions & { outputPadding?: Pair }
  constructor(
    cin: number,
    cout: number,
    kernel: Pair,
    {
      bias = true,
      init = defaultInit,
      ...options
    }: WeightOptions & ConvOptions & { outputPadding?: Pair } = {},
  ) {
    this.weight = parameter(init([...pair(kernel, 'ConvTranspose2d', 'kernel'), cout, cin]))
    if (bias) this.bias = parameter(zeros([cout]))
    this.options = options
  }
  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, { ...this.options, bias: this.bias })
  }
}

/** Batch norm over the last axis. In training it uses the batch's statistics and keeps running ones for evaluation. */
export class BatchNorm implements Layer {
  readonly gamma: Tensor
  readonly beta: Tensor
  readonly runningMean: Tensor
  readonly runningVariance: Tensor
  /** See setTraining. */
  readonly training: boolean = true
  private readonly eps: number
  private readonly slope?: number
  private readonly momentum: number
  constructor(
    channels: number,
    {
      eps = 1e-5,
      momentum = 0.1,
      slope,
      init = ones,
    }: {
      eps?: number
      momentum?: number
      /** Of a leaky ReLU that follows, if any; 0 for a ReLU. */
      slope?: number
      /** Of gamma. */
      init?: Initializer
    } = {},
  ) {
    this.gamma = parameter(init([channels]))
    this.beta = parameter(zeros([channels]))
    this.runningMean = zeros([channels])
    this.runningVariance = ones([channels])
    this.eps = eps
    this.slope = slope
    this.momentum = momentum
  }
  forward(x: Tensor): Tensor {
    const { gamma, beta, runningMean, runningVariance, eps, slope, momentum } = this
    if (!this.training) return batchNormEval(x, gamma, beta, runningMean, runningVariance, { eps, slope })
    const running = { mean: runningMean, variance: runningVariance, momentum }
    return batchNormRunning(x, gamma, beta, running, { eps, slope })
  }
}

/** Instance norm with a learned scale and shift per channel. */
export class InstanceNorm implements Layer {
  readonly gamma: Tensor
  readonly beta: Tensor
  private readonly eps: number
  constructor(channels: number, { eps = 1e-5 }: { eps?: number } = {}) {
    this.gamma = parameter(ones([channels]))
    this.beta = parameter(zeros([channels]))
    this.eps = eps
  }
  forward(x: Tensor): Tensor {
    return instanceNorm(x, this.gamma, this.beta, { eps: this.eps })
  }
}

/** Layer norm over trailing dimensions of the given shape. */
export class LayerNorm implements Layer {
  readonly gamma: Tensor
  readonly beta: Tensor
  private readonly eps: number
  constructor(shape: number | Shape, { eps = 1e-5 }: { eps?: number } = {}) {
    const dims = typeof shape === 'number' ? [shape] : shape
    this.gamma = parameter(ones(dims))
    this.beta = parameter(zeros(dims))
    this.eps = eps
  }
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.gamma, this.beta, { eps: this.eps })
  }
}

/** AdaIN driven by a style vector w [N, style]: scale = 1 + A w and shift = B w, learned (Karras et al. 2018). */
export class AdaIN {
  readonly affine: Linear
  private readonly eps: number
  private readonly channels: number
  constructor(
    style: number,
    channels: number,
    { eps = 1e-5, init }: { eps?: number; init?: Initializer } = {},
  ) {
    this.affine = new Linear(style, 2 * channels, { init })
    this.channels = channels
    this.eps = eps
  }
  forward(x: Tensor, w: Tensor): Tensor {
    const style = this.affine.forward(w)
    const { channels } = this
    const scale = add(slice(style, { end: [style.shape[0], channels] }), 1)
    return adain(x, scale, slice(style, { start: [0, channels] }), { eps: this.eps })
  }
}

/** A learned vector for each index: indices [...] -> [..., size] */
export class Embedding implements Layer {
  readonly weight: Tensor
  constructor(count: number, size: number, { init = randn }: { init?: Initializer } = {}) {
    this.weight = parameter(init([count, size]))
  }
  forward(indices: Tensor): Tensor {
    return gather(this.weight, indices)
  }
}

/** Dropout while training, the identity in evaluation. */
export class Dropout implements Layer {
  /** See setTraining. */
  readonly training: boolean = true
  constructor(private readonly p = 0.5) {}
  forward(x: Tensor): Tensor {
    return this.training ? dropout(x, { p: this.p }) : x
  }
}

/** Layers and functions, one after the other. */
export class Sequential implements Layer {
  readonly layers: readonly (Layer | ((x: Tensor) => Tensor))[]
  constructor(...layers: (Layer | ((x: Tensor) => Tensor))[]) {
    this.layers = layers
  }
  forward(x: Tensor): Tensor {
    return this.layers.reduce((y, layer) => (typeof layer === 'function' ? layer(y) : layer.forward(y)), x)
  }
}

/** The weights of dense and conv layers in `model`'s fields, each with the axis of its outputs. */
export function weights(model: object): { tensor: Tensor; outputs: number }[] {
  return [...walk(model)].flatMap(([, layer]) => {
    if (layer instanceof Linear || layer instanceof Conv2d)
      return [{ tensor: layer.weight, outputs: layer.weight.shape.length - 1 }]
    return layer instanceof ConvTranspose2d ? [{ tensor: layer.weight, outputs: 2 }] : []
  })
}
