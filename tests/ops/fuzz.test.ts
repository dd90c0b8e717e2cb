// Ops called with what cannot be: a result, or an error of ours that names the op; nothing raw from JavaScript or WebGPU.
import { expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { gpu, LimitError, ShapeError, scope, Tensor } from '../../src/engine/index.ts'
import { type OpCase, opCase, revived, text } from '../fuzz/ops.ts'
import { Random } from '../fuzz/random.ts'
import { isWaiting } from '../fuzz/waiting.ts'
import { gpuTest } from '../harness.ts'

const ops = G as unknown as Record<string, (...args: unknown[]) => unknown>

/** What is wrong with how a call went; undefined if nothing is. */
async function faultOf({ op, args }: OpCase): Promise<string | undefined> {
  let made: unknown[] = []
  try {
    made = [scope(() => ops[op](...(revived(args) as unknown[])))].flat()
    for (const each of made) if (each instanceof Tensor) await each.data()
    await gpu().settle()
  } catch (error) {
    if (!(error instanceof ShapeError || error instanceof LimitError)) return String(error)
    if (!/^\w+: ./.test(error.message) || error.message.includes('\n')) return `says: ${error.message}`
  } finally {
    for (const each of made) if (each instanceof Tensor) each.dispose()
  }
}

const SEED = 1
const SECONDS = 5
/** On a machine with much else to do. */
const LEAST = 50

gpuTest('ops give a result or an error of ours, whatever they are given', async () => {
  const faults: string[] = []
  const end = performance.now() + 1000 * SECONDS
  let cases = 0
  for (; performance.now() < end; cases++) {
    const call = opCase(new Random(`${SEED}/${cases}`))
    const fault = await faultOf(call)
    if (fault && !isWaiting(`op ${call.op}`, fault)) faults.push(`${cases}: ${text(call)}: ${fault}`)
  }
  expect(faults).toEqual([])
  expect(cases).toBeGreaterThan(LEAST)
})
