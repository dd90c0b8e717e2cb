/** Errors that WebGPU reports after the fact: which launch they came from, and which reads are told of them. */
import { LimitError, ShaderError } from '../errors.ts'

export class Failures {
  private readonly checks = new Set<Promise<void>>()
  private guards = 0
  /** The earliest error since the last read, by the guard it came from: later ones follow from it. */
  private failure: { order: number; error: Error; toldAt?: number } | undefined

  constructor(private readonly device: GPUDevice) {
    device.onuncapturederror = (event) => {
      event.preventDefault()
      this.fail(asError(event.error, 'WebGPU'))
    }
  }

  /** Where the next guard stands among all. */
  get order(): number {
    return this.guards
  }

  get first(): Error | undefined {
    return this.failure?.error
  }

  /**
   * Waits for the checks of everything submitted so far; throws the first error among them that nobody was told yet.
   * A read gives its `order`: every read that was begun between the failure and the first time that it was told is told
   * too; work begun later is free of it.
   */
  async settle(order?: number): Promise<void> {
    await Promise.all(this.checks)
    const { failure } = this
    if (!failure || (order !== undefined && order <= failure.order)) return
    const isNews = failure.toldAt === undefined
    failure.toldAt ??= this.guards
    if (isNews || (order !== undefined && order <= failure.toldAt)) throw failure.error
    this.failure = undefined
  }

  /** Keeps `error` for the next read. */
  private fail(error: Error, order = this.guards): void {
    if (!this.failure || order < this.failure.order) this.failure = { order, error }
  }

  /** Runs `body` in an error scope; `explain` may turn a GPU error into a better one. */
  guard<T>(what: string, body: () => T, explain?: (error: GPUError) => Promise<Error>): T {
    const order = this.guards++
    this.device.pushErrorScope('out-of-memory')
    this.device.pushErrorScope('validation')
    try {
      return body()
    } finally {
      for (let scope = 0; scope < 2; scope++) {
        const check = this.device
          .popErrorScope()
          .then(async (error) => {
            if (error) this.fail((await explain?.(error)) ?? asError(error, what), order)
          })
          .catch(() => {}) // only a lost device rejects; `lost` says so
          .finally(() => this.checks.delete(check))
        this.checks.add(check)
      }
    }
  }
}

/** `error` as people see it, headed by what it came from. */
export const asError = (error: GPUError, what: string): Error =>
  'GPUOutOfMemoryError' in globalThis && error instanceof GPUOutOfMemoryError
    ? new LimitError(`${what}: the GPU is out of memory (${error.message}): use a smaller batch or model`)
    : new ShaderError(`${what}: ${error.message}`)
