/** Where a number first stopped being finite. */
import { run } from '../gpu/kernel.ts'
import { watchLaunches } from '../gpu/watching.ts'
import { refusePromise } from '../tensor/tensor.ts'
import { zeros } from './pointwise.ts'

/** Kernel launches that can be told apart; what comes after shares the last flag. */
const SLOTS = 8192

/**
 * Runs `fn`, which must not be async, and checks the result of each of its launches: the name of the first op that wrote
 * a NaN or an infinity, undefined if none did. Slow: for finding out, not for training.
 */
export async function firstNonFinite(fn: () => void): Promise<string | undefined> {
  const flags = zeros([SLOTS])
  const ops: string[] = []
  try {
    watchLaunches(
      (op, outputs) => {
        for (const x of outputs) {
          run('finite_check', {
            buffers: { x, flags },
            params: { n: x.size, slot: Math.min(ops.length, SLOTS - 1) },
            threads: x.size,
          })
          ops.push(op)
        }
      },
      () => refusePromise(fn(), 'firstNonFinite'),
    )
    const found = (await flags.data()).findIndex((flag) => flag !== 0)
    return ops[found]
  } finally {
    flags.dispose()
  }
}
