/** Optimisers, in order of complexity, and averages of parameters. Any number of them may share parameters. */
export { Adam } from './adam.ts'
export type { Rate } from './base.ts'
export { EMA } from './ema.ts'
export { RMSprop } from './rmsprop.ts'
export { SGD } from './sgd.ts'
