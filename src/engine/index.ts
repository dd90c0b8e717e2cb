/** Ganvas' engine: tensors on WebGPU, ops, gradients of any order, layers, optimisers. */

export { adapterName, type InitOptions } from './adapter.ts'
export { grad, noGrad } from './autograd.ts'
export { type Captured, capture } from './capture.ts'
export { gpu, shutdown } from './device.ts'
export {
  CheckpointError,
  DataError,
  DeviceLostError,
  DisposedError,
  LimitError,
  NumericError,
  ShaderError,
  ShapeError,
} from './errors.ts'
export { firstNonFinite } from './finite.ts'
export { init } from './init.ts'
export { kernelLines, kernelRows } from './launches.ts'
export * as nn from './nn.ts'
export * from './ops/index.ts'
export * as optim from './optim.ts'
export { type ProfileResult, profile } from './profile.ts'
export { randn, randomIntegers, randomState, seed, setRandomState, uniform } from './random.ts'
export * as safetensors from './safetensors.ts'
export { type TuneOptions, type TuneProgress, type TuneResult, tune } from './search.ts'
export { memory, scope, Tensor, tensor } from './tensor.ts'
export { type Found, forceVariant, isTunedTable, setTuned, type TunedTable, tuned } from './tune.ts'
