/** The figures by name: a new one is a file and a row. */
import { game } from './game.ts'
import { saturation } from './saturation.ts'

export const figures = { game, saturation } as const
export type FigureName = keyof typeof figures
