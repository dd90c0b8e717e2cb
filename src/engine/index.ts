/** Ganvas' engine: tensors on WebGPU, ops, gradients of any order, layers, optimisers. */

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
export { adapterName, type InitOptions } from './gpu/adapter.ts'
export { gpu, shutdown } from './gpu/device.ts'
export { init } from './init.ts'
export * as nn from './nn/index.ts'
export { firstNonFinite } from './ops/finite.ts'
export * from './ops/index.ts'
export {
  type Found,
  forceVariant,
  isTunedTable,
  setTuned,
  type TunedTable,
  tuned,
  tunedTable,
} from './ops/products/tuned.ts'
export * as optim from './optim/index.ts'
export { kernelLines, kernelRows } from './profiling/launches.ts'
export { type ProfileResult, profile } from './profiling/profile.ts'
export * as schema from './schema.ts'
export { grad, noGrad, untaped } from './tensor/autograd.ts'
export { type Captured, capture, verifyCaptures } from './tensor/capture.ts'
export { checkSeal, sealed } from './tensor/checksum.ts'
export {
  type RandomState,
  RandomStream,
  randn,
  randomIntegers,
  randomState,
  seed,
  setRandomState,
  uniform,
} from './tensor/random.ts'
export * as safetensors from './tensor/safetensors.ts'
export { standIn } from './tensor/standIn.ts'
export { memory, scope, Tensor, tensor } from './tensor/tensor.ts'
export { type TuneOptions, type TuneProgress, type TuneResult, tune } from './tuning/search.ts'
