import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seedKeys } from '@icb/config/seed'
import { features } from './features.ts'
import { hazards } from './hazards.ts'

function read(directory: string, name: string): string | undefined {
  const path = join(directory, name)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function missingFeatures(text: string): readonly string[] {
  const known = new Set(features.map(({ digest }) => digest))
  return text.split('\n').filter((line) => line.endsWith('| M |')).map((line) => line.split('|')[1]?.trim() ?? '').filter((name) => !known.has(createHash('sha256').update(name).digest('hex').slice(0, 12))).map((name) => `the feature "${name}" has no row`)
}

function missingHazards(text: string): readonly string[] {
  const numbers = [...text.matchAll(/^(\d+)\. /gm)].map((match) => Number(match[1]))
  return numbers.filter((number) => hazards[number - 1] === undefined).map((number) => `hazard ${String(number)} has no row`)
}

/** Rows `| section | key, key / key | …` of the table of keys. */
function missingKeys(text: string): readonly string[] {
  const known = new Set(seedKeys.map(({ section, key }) => `${section}.${key}`))
  const rows = [...text.matchAll(/^\| (generic|rman|db|autorestore|zfssa|netapp|softnas|huaweidorado) \| ([^|]+) \|/gm)]
  const named = rows.flatMap(([, section = '', keys = '']) => keys.split(/[,/]/).map((key) => `${section === 'db' ? 'database' : section}.${key.trim()}`))
  // The second of two keys that share a row may leave out how both begin.
  const present = (name: string): boolean => known.has(name) || [...known].some((each) => each.startsWith(name.split('.')[0] ?? '') && each.endsWith(name.split('.')[1] ?? '?'))
  return named.filter((name) => !present(name)).map((name) => `the key ${name} has no row`)
}

/** What the reference names and the lists lack; empty where a file is not at hand. */
export function missingFromReference(directory: string): readonly string[] {
  const ask = (name: string, missing: (text: string) => readonly string[]): readonly string[] => {
    const text = read(directory, name)
    return text === undefined ? [] : missing(text)
  }
  return [...ask('features.md', missingFeatures), ...ask('hazards.md', missingHazards), ...ask('oracle-backup.md', missingKeys)]
}
