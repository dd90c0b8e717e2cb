// `npm run profile`: every kernel of a model's training steps, timed in headless Chrome and set against the roofs.
import { join } from 'node:path'
import { joinRoofs } from '../bench/derive.ts'
import { toCsv } from '../bench/profile/csv.ts'
import { deriveProfile } from '../bench/profile/derive.ts'
import type { Measured } from '../bench/profile/measured.ts'
import { reportOf } from '../bench/profile/report.ts'
import { type Profile, VERSION } from '../bench/profile/result.ts'
import { summaryOf } from '../bench/profile/table.ts'
import { traceOf } from '../bench/profile/trace.ts'
import { familyOf } from '../src/models/index.ts'
import { kebab } from '../src/models/kebab.ts'
import { defaultsOf, optionText } from '../src/models/options.ts'
import { ADAPTER_FLAG, type Flag, HOSTS, helpLines, readAdapter } from './args.ts'
import { withBenchPage } from './benchPage.ts'
import { environment } from './environment.ts'
import { readFamilyArgs } from './familyArgs.ts'
import type { Place } from './headless.ts'
import { planNew, prepare, type Wishes } from './plan.ts'
import { defaultFolder, makeFresh } from './runFolder.ts'
import { checkWritable, writeWhole } from './save.ts'
import { tunedLines, useTuned } from './tuned.ts'

/** Enough for quartiles, and a multiple of the rhythms that models have. */
const STEPS = 16

const FLAGS = {
  data: { kind: 'text', value: 'NAME', about: 'as for npm run train' },
  steps: {
    kind: 'count',
    about: `steps to profile, beside as many without timestamps; ${STEPS} if left out`,
  },
  batch: { kind: 'count', about: 'images in a minibatch' },
  out: { kind: 'text', value: 'DIR', about: 'where to write; runs/MODEL-DATE-TIME-profile if left out' },
  host: { kind: HOSTS, about: 'where the engine runs; chrome if left out' },
  adapter: ADAPTER_FLAG,
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

export async function main(argv: string[]): Promise<number> {
  const { values, options, model } = readFamilyArgs(argv, FLAGS)
  if (values.help) {
    console.log('npm run profile -- [MODEL] [flags]     profiles training steps of MODEL (dcgan if left out)')
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  const { out, steps = STEPS, host = 'chrome', data, batch } = values
  const { choice: adapter, name } = readAdapter(values.adapter, host)
  const started = new Date()
  checkWritable(join(out ?? defaultFolder('', started), 'profile.json'))
  const { profile, measured } = await measure(
    { model, options, every: {}, data, batch, adapter },
    steps,
    { host, adapter: name },
    started,
  )
  const path = out ?? makeFresh(`${defaultFolder(profile.run.model, started)}-profile`)
  const files = {
    'profile.json': `${JSON.stringify(profile, undefined, 2)}\n`,
    'profile.csv': toCsv(profile),
    'trace.json': JSON.stringify(traceOf(measured)),
    'report.html': reportOf(profile, measured),
  }
  for (const [name, content] of Object.entries(files)) writeWhole(join(path, name), content)
  for (const line of summaryOf(profile)) console.log(line)
  console.log(
    `\n${Object.keys(files)
      .map((name) => join(path, name))
      .join('\n')}`,
  )
  return 0
}

interface Done {
  profile: Profile
  measured: Measured
}

async function measure(wishes: Wishes, steps: number, place: Place, started: Date): Promise<Done> {
  const prepared = prepare(wishes)
  const { adapter = 'default' } = wishes
  const { data } = prepared
  return withBenchPage(
    place,
    async (page) => {
      const { adapter: found, ...described } = await page.call('describe', { adapter })
      const { config } = planNew(wishes, prepared, found)
      const { model, options, batch, seed } = config
      console.log(`adapter ${found.name}`)
      for (const line of tunedLines(await useTuned(page))) console.log(line)
      if (described.clock !== 'gpu') throw new Error('this adapter has no GPU timestamps to profile with')
      console.log('roofs ...')
      const first = await page.call('roofs', undefined)
      console.log(`${model}, batch ${batch}: ${steps} steps without timestamps, ${steps} with ...`)
      const measured = await page.call('profile', { config, data: data.request, steps })
      console.log('roofs again ...')
      const roofs = joinRoofs(first, await page.call('roofs', undefined))
      const profile: Profile = {
        schema: 'ganvas-profile',
        version: VERSION,
        environment: {
          ...environment(found, adapter, await page.version()),
          ...described,
          date: started.toISOString(),
        },
        roofs,
        run: {
          model,
          options: Object.fromEntries(
            Object.entries({ ...defaultsOf(familyOf(model).options), ...options }).map(([name, value]) => [
              kebab(name),
              optionText(value),
            ]),
          ),
          data: data.name,
          batch,
          seed,
          steps,
        },
        ...deriveProfile(measured, roofs, described.timestampQuantum),
      }
      return { profile, measured }
    },
    data.files,
  )
}
