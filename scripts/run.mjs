// `node scripts/run.mjs NAME ...args` runs the `main(argv)` of scripts/NAME.ts and exits with the code it
// returns. The file goes through vite, so that a command can import the same TypeScript and .wgsl as the page.
// Vite's runner closes before `main` starts: scripts import statically.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

async function run(name, argv) {
  const file = join(root, 'scripts', `${name}.ts`)
  if (!existsSync(file)) throw new Error(`usage: node scripts/run.mjs NAME ...args (no scripts/${name}.ts)`)
  const { module } = await runnerImport(file, {
    root,
    configFile: false,
    logLevel: 'error',
    environments: {
      inline: {
        // wgsl_reflect's "main" is CommonJS inside a "type": "module" package, which Node cannot load:
        // inline the package and take its "module" field.
        resolve: { noExternal: ['wgsl_reflect'], mainFields: ['module'] },
      },
    },
  })
  return module.main(argv)
}

/** Exits even when something is left open, once what was written has left the process. */
const exit = (code) => process.stdout.write('', () => process.exit(code))

const [name, ...argv] = process.argv.slice(2)
run(name, argv).then(
  (code) => exit(code ?? 0),
  (error) => {
    if (Number(process.env.DEBUG) > 0) console.error(error)
    console.error(error instanceof Error ? error.message : String(error))
    exit(1)
  },
)
