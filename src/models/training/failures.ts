/** Known failures of GAN training, said in plain words when they show. Pure. */
import type { MetricKind } from '../family.ts'

/** A discriminator that loses this little, over so many logged steps, tells the generator nothing. */
const LOSS_FLOOR = 0.01
const LOSS_LINES = 10
/** Norms beyond this have been called a sign that things go wrong (Chintala et al. 2016, "How to train a GAN?"). */
const LARGE_NORM = 100
/** Samples that vary less than this share of the data's spread are (nearly) all the same. */
const SPREAD_SHARE = 0.2
/** Steps in which a generator may begin to vary. */
const WARM_UP = 300

/** Watches one run; says each failure once. */
export class Failures {
  private readonly said = new Set<string>()
  private certain = 0
  private hasVaried = false

  /** Sentences about a line of the log, whose numbers are of these kinds. */
  ofLine(line: Readonly<Record<string, number>>, kinds: Readonly<Record<string, MetricKind>>): string[] {
    const { step } = line
    const of = (kind: MetricKind): [string, number][] =>
      Object.entries(kinds)
        .filter(([name, own]) => own === kind && name in line)
        .map(([name]) => [name, line[name]])
    const [real] = of('opinion of real')
    const [fake] = of('opinion of generated')
    // What D still loses where it says how probable it is that a sample is real; a critic's loss may well be 0.
    const lost = real && fake ? -Math.log(real[1]) - Math.log1p(-fake[1]) : Number.POSITIVE_INFINITY
    this.certain = lost < LOSS_FLOOR ? this.certain + 1 : 0
    return [
      ...(this.certain >= LOSS_LINES
        ? this.once(
            'loss',
            `Step ${step}: the discriminator is certain of every sample (${real[0]} ${real[1].toFixed(3)}, ${fake[0]} ${fake[1].toFixed(3)}): the generator learns little from it.`,
          )
        : []),
      ...of('norm').flatMap(([name, norm]) =>
        norm > LARGE_NORM
          ? this.once(
              name,
              `Step ${step}: the norm '${name}' is ${norm.toPrecision(3)}, over ${LARGE_NORM}: a lower learning rate may be steadier.`,
            )
          : [],
      ),
    ]
  }

  /** Sentences about generated samples, as spread as `samples`, of data as spread as `data`. */
  ofSamples(step: number, samples: number, data: number): string[] {
    const varies = !(samples < SPREAD_SHARE * data) // nor is it said of what is no number
    this.hasVaried ||= varies
    if (varies || (!this.hasVaried && step < WARM_UP)) return []
    return this.once(
      'spread',
      `Step ${step}: the generated samples hardly vary (by ${samples.toPrecision(2)}, the data by ${data.toPrecision(2)}): the generator may have collapsed to one of them.`,
    )
  }

  private once(failure: string, text: string): string[] {
    if (this.said.has(failure)) return []
    this.said.add(failure)
    return [text]
  }
}
