/** Known failures of GAN training, said in plain words when they show. Pure. */

/** A discriminator's loss this small, over so many logged steps, is 0 to the generator. */
const LOSS_FLOOR = 0.01
const LOSS_LINES = 10
/** Norms beyond this have been called a sign that things go wrong (Chintala et al. 2016, "How to train a GAN?"). */
const LARGE_NORM = 100
/** Samples that vary less than this share of the data's spread are (nearly) all the same. */
const SPREAD_SHARE = 0.2
/** Steps in which a generator may begin to vary. */
const WARM_UP = 300

const NETWORKS = { gradD: 'discriminator', gradG: 'generator' } as const

/** Watches one run; says each failure once. */
export class Failures {
  private readonly said = new Set<string>()
  private lowLosses = 0
  private hasVaried = false

  /** Sentences about a line of the log. */
  ofLine(line: Readonly<Record<string, number>>): string[] {
    const { step, lossD } = line
    // A critic's loss may well be 0; one with an opinion D(x) is certain of everything then.
    this.lowLosses = 'D(x)' in line && lossD < LOSS_FLOOR ? this.lowLosses + 1 : 0
    return [
      ...(this.lowLosses >= LOSS_LINES
        ? this.once(
            'loss',
            `Step ${step}: the discriminator's loss is nearly 0 (${lossD.toPrecision(2)}): it sees through every sample, and the generator learns little from it.`,
          )
        : []),
      ...Object.entries(NETWORKS).flatMap(([name, network]) =>
        line[name] > LARGE_NORM
          ? this.once(
              name,
              `Step ${step}: the ${network}'s gradient has a norm of ${line[name].toPrecision(3)}, over ${LARGE_NORM}: a lower learning rate may be steadier.`,
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
