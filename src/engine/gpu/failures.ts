/** Errors that WebGPU reports after the fact, and which reads are told of them. */
import { LimitError, ShaderError } from '../errors.ts'

interface Failure {
  error: Error
  /** Reads that were begun before it: it is the later ones' to tell. */
  after: number
  /** Reads that were begun when one of them first told it; those that come later are free of it. */
  toldAt?: number
}

export class Failures {
  /** Settled when everything submitted so far is checked: one after the other, so that causes come before effects. */
  private checked: Promise<void> = Promise.resolve()
  /** Those that a read may still have to tell; one for all that failed between two reads. */
  private failures: Failure[] = []
  private reads = 0
  private readonly open = new Set<number>()

  constructor(private readonly device: GPUDevice) {
    device.onuncapturederror = (event) => {
      event.preventDefault()
      this.fail(asError(event.error, 'WebGPU'), this.reads)
    }
  }

  /** Begins a read, which `settle` ends: what has failed before is its to tell. */
  begin(): number {
    this.open.add(++this.reads)
    return this.reads
  }

  /**
   * Ends a read: waits until everything submitted so far is checked, and throws what failed. That is `own`'s error if
   * there is one; else the first since the read before, or one of before that nobody was told when this read began.
   */
  async settle(read = this.begin(), own: { readonly error?: Error } = {}): Promise<void> {
    await this.checked
    this.open.delete(read)
    const told = this.failures.filter(({ after, toldAt = read }) => after < read && read <= toldAt)
    const error = own.error ?? told.at(-1)?.error
    // An error of long ago leaves new ones to the next read.
    if (told.some((failure) => failure.error === error))
      for (const failure of told) failure.toldAt ??= this.reads
    const oldest = Math.min(...this.open)
    this.failures = this.failures.filter(({ toldAt = Number.POSITIVE_INFINITY }) => oldest <= toldAt)
    if (error) throw error
  }

  /** Keeps `error` for the reads; gives the error that they will tell: what fails later follows from it. */
  private fail(error: Error, after: number): Error {
    const known = this.failures.find((failure) => failure.after === after)
    if (!known) this.failures.push({ error, after })
    return known?.error ?? error
  }

  /**
   * Runs `body` in an error scope. Should WebGPU find an error in it, `explain` may give a better one, and `onFailure`
   * gets the one that reads will tell.
   */
  guard<T>(
    what: string,
    body: () => T,
    {
      explain = async (error) => asError(error, what),
      onFailure,
    }: { explain?: (error: GPUError) => Promise<Error>; onFailure?: (error: Error) => void } = {},
  ): T {
    const { device, reads } = this
    device.pushErrorScope('out-of-memory')
    device.pushErrorScope('validation')
    try {
      return body()
    } finally {
      // Only a lost device rejects; `lost` says so.
      const found = Promise.all([device.popErrorScope(), device.popErrorScope()]).catch(() => [])
      this.checked = this.checked.then(async () => {
        for (const error of await found) {
          if (!error) continue
          const told = this.fail(await explain(error).catch(() => asError(error, what)), reads)
          onFailure?.(told)
        }
      })
    }
  }
}

/** `error` as people see it, headed by what it came from. */
export const asError = (error: GPUError, what: string): Error =>
  'GPUOutOfMemoryError' in globalThis && error instanceof GPUOutOfMemoryError
    ? new LimitError(`${what}: the GPU is out of memory (${error.message}): use a smaller batch or model`)
    : new ShaderError(`${what}: ${error.message}`)
