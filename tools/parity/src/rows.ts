import { seedKeys } from '@icb/config/seed'
import { features } from './features.ts'
import { hazards } from './hazards.ts'

/** Something of the original that must not be forgotten. */
export interface Row {
  /** As it stands in test names, without the brackets: `M:level1-merge`, `K:recoverywindow`, `H21`. */
  readonly id: string
  readonly title: string
}

/** Keys of the arrays are told apart by their section; every other key of the original has a name of its own. */
const arrays = new Set(['zfssa', 'netapp', 'softnas', 'huaweidorado'])

export const featureRows: readonly Row[] = features.map(({ id, title }) => ({ id: `M:${id}`, title }))
export const keyRows: readonly Row[] = seedKeys.map(({ section, key, description }) => ({ id: `K:${arrays.has(section) ? `${section}.` : ''}${key}`, title: `[${section === 'database' ? '<database>' : section}] ${key}: ${description}` }))
export const hazardRows: readonly Row[] = hazards.map((title, index) => ({ id: `H${String(index + 1)}`, title }))

export const allRows: readonly Row[] = [...featureRows, ...keyRows, ...hazardRows]
