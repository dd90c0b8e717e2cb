// Arguments of commands about a family of models: which it is decides which other flags there are.
import { parseArgs } from 'node:util'
import { isToyName } from '../src/models/data/toys.ts'
import { families, familyOf } from '../src/models/index.ts'
import { kebab } from '../src/models/kebab.ts'
import { expected, type Options, optionText } from '../src/models/options.ts'
import { type Flag, type OptionFlags, readArgs } from './args.ts'
import { readRecord } from './runFolder.ts'

/** Trained if no model is named. */
const MODEL = 'dcgan'
/** Trained on points if no model is named. */
const POINT_MODEL = 'gan'

/** What is trained on data called so where no model is named. */
export const defaultModel = (data = ''): string => (isToyName(data) ? POINT_MODEL : MODEL)

/**
 * Reads `flags` and those of the family that the first argument names, or the run to resume is of, or that is trained on
 * such data if nothing else is said. Throws an Error that names the families when there is none called so.
 */
export function readFamilyArgs<const F extends Record<string, Flag>>(argv: string[], flags: F) {
  const {
    positionals: [model],
    texts: { data, resume },
  } = lookAhead(argv, flags)
  if (model !== undefined) familyOf(model)
  const name = model ?? (resume === undefined ? defaultModel(data) : readRecord(resume).config.model)
  return { ...readArgs(argv, flags, 1, flagsOfFamily(name)), model }
}

/** The flags of a family's options. Throws DataError that names the families when there is none called so. */
export function flagsOfFamily(name: string): OptionFlags {
  const { options } = familyOf(name)
  const explain = (flag: string): string | undefined =>
    allOptions().some((own) => Object.keys(own).some((each) => kebab(each) === flag))
      ? `--${flag} is no option of ${name}, which has ${flagsOf(options).join(' ')}`
      : undefined
  return { options, explain }
}

const allOptions = (): Options[] => Object.values(families).map((family) => family.options)

const flagsOf = (options: Options): string[] => Object.keys(options).map((name) => `--${kebab(name)}`)

/** The arguments that are no flags, and what flags say, whatever the family turns out to be. */
export function lookAhead(
  argv: string[],
  flags: Record<string, Flag>,
): { positionals: string[]; texts: Partial<Record<string, string>> } {
  const toggles = new Map<string, boolean>()
  for (const options of allOptions())
    for (const [name, { kind }] of Object.entries(options))
      toggles.set(kebab(name), (toggles.get(kebab(name)) ?? true) && kind === 'toggle')
  for (const [name, { kind }] of Object.entries(flags)) toggles.set(name, kind === 'switch')
  const { values, positionals } = parseArgs({
    args: argv,
    options: Object.fromEntries(
      [...toggles].map(([name, isToggle]) => [name, { type: isToggle ? 'boolean' : 'string' } as const]),
    ),
    strict: false,
    allowPositionals: true,
  })
  const texts = Object.entries(values).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return { positionals, texts: Object.fromEntries(texts) }
}

/** A line for each option of a family, for --help and --list. */
export function optionLines(options: Options): string[] {
  const heads = Object.entries(options).map(
    ([name, option]) => `--${kebab(name)} ${option.words?.map(kebab).join('|') ?? optionText(option.value)}`,
  )
  const width = Math.min(32, Math.max(...heads.map((head) => head.length)))
  return Object.values(options).map((option, i) => {
    const range = option.kind === 'oneOf' || option.kind === 'toggle' ? '' : ` (${expected(option)})`
    return `  ${heads[i].padEnd(width)}  ${option.about}${range}`
  })
}
