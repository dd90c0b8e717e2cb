/** The errors people see. Each message names the op or file, what came, what was expected, and what to do. */

/** Wrong rank, size or option of an op's input. */
export class ShapeError extends Error {
  override name = 'ShapeError'
}

/** More than the device allows: a tensor, a buffer, a kernel's bindings. */
export class LimitError extends Error {
  override name = 'LimitError'
}

/** No usable WebGPU, or a device that went away while it was needed. */
export class DeviceLostError extends Error {
  override name = 'DeviceLostError'
}

/** A WGSL file that does not compile, or a dispatch that WebGPU rejects. */
export class ShaderError extends Error {
  override name = 'ShaderError'
}

/** Input data that is missing, truncated or of another format. */
export class DataError extends Error {
  override name = 'DataError'
}

/** A checkpoint that cannot be read or does not fit the model. */
export class CheckpointError extends Error {
  override name = 'CheckpointError'
}

/** A tensor used after `dispose()` or after its scope ended. */
export class DisposedError extends Error {
  override name = 'DisposedError'
}

/** A number that stopped being finite during training. */
export class NumericError extends Error {
  override name = 'NumericError'
}
