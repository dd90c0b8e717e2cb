/** Every kernel that is timed, on the shapes of the models that use it. */
import type { Row } from '../row.ts'
import { norms } from './norms.ts'
import { products } from './products.ts'
import { simpleRows } from './simple.ts'
import { statefulRows } from './stateful.ts'

export const rows = (): Row[] => [...products(), ...norms(), ...simpleRows(), ...statefulRows()]
