// `node scripts/run.mjs NAME ...args` runs the `main(argv)` of scripts/NAME.ts and exits with the code it returns.
import './checkNode.mjs'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { makeConsolePlain } from './plain.mjs'

async function run(name, argv) {
  const { load, root } = await import('./runner.mjs') // not before Node is known to be new enough
  const file = join(root, 'scripts', `${name}.ts`)
  if (!existsSync(file)) throw new Error(`usage: node scripts/run.mjs NAME ...args (no scripts/${name}.ts)`)
  const { main } = await load(file)
  return main(argv)
}

/** Exits even when something is left open, once what was written has left the process. */
const exit = (code) => process.stdout.write('', () => process.exit(code))

function fail(error) {
  if (Number(process.env.DEBUG) > 0) console.error(error?.stack ?? error)
  console.error(error instanceof Error ? error.message : String(error))
  exit(1)
}

makeConsolePlain()
// Of what nobody waits for, such as a process that cannot be started.
process.on('uncaughtException', fail)
const [name, ...argv] = process.argv.slice(2)
run(name, argv).then((code) => exit(code ?? 0), fail)
