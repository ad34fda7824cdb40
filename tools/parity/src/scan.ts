import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { repositoryRoot } from '@icb/testing'

const idInName = /\[((?:M:[a-z0-9-]+)|(?:K:[a-z0-9_.]+)|(?:H[1-9]\d?))\]/g

/** Every row id in a text. */
export function idsIn(text: string): readonly string[] {
  return [...text.matchAll(idInName)].map((match) => match[1] ?? '')
}

/** Row id to the test files that have it, paths from the repository's root, in order. */
export function scanTests(): ReadonlyMap<string, readonly string[]> {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.test.ts'], { cwd: repositoryRoot, encoding: 'utf8' }).split('\n').filter((file) => file !== '' && !file.startsWith('tools/parity/')).sort()
  const found = new Map<string, Set<string>>()
  for (const file of files) for (const id of idsIn(readFileSync(join(repositoryRoot, file), 'utf8'))) found.set(id, (found.get(id) ?? new Set()).add(file))
  return new Map([...found].map(([id, paths]) => [id, [...paths]]))
}
