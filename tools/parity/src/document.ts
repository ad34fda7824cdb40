import { join } from 'node:path'
import { repositoryRoot } from '@icb/testing'
import { reasons, remarks } from './reasons.ts'
import { featureRows, hazardRows, keyRows } from './rows.ts'
import type { Row } from './rows.ts'

export const documentPath: string = join(repositoryRoot, 'docs', 'parity.md')

function table(rows: readonly Row[], tests: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const shown = ({ id }: Row): string => {
    const files = (tests.get(id) ?? []).map((file) => `[${file.replace(/^(?:packages|apps|tools)\//, '').replace(/\.test\.ts$/, '')}](../${file})`)
    const said = reasons[id] ?? (remarks[id] === undefined ? undefined : `(${remarks[id]})`)
    return [...files, ...(said === undefined ? [] : [said])].join(', ')
  }
  return ['| id | what | shown by |', '| --- | --- | --- |', ...rows.map((row) => `| ${row.id} | ${row.title.replaceAll('|', '\\|')} | ${shown(row)} |`)]
}

/** `docs/parity.md`, made from the rows, the reasons and the ids in test files. */
export function renderDocument(tests: ReadonlyMap<string, readonly string[]>): string {
  const count = (rows: readonly Row[]): string => `${String(rows.filter(({ id }) => tests.has(id)).length)} of ${String(rows.length)} have a test`
  return `${[
    '# Nothing forgotten',
    '',
    'What the original (unibet/oracle-imagecopy-backup) does, what it can be told, and what it can do wrong, row by row, with the tests whose names carry the row\'s id in',
    'brackets: `[M:configure]`, `[K:recoverywindow]`, `[H21]`. Made by `npm run parity:check -- --write`; `npm run parity:check` runs those tests and fails when a row has',
    'neither a passing test nor a written reason. `npm run parity:mutants` brings the hazards back, one by one, in a copy, and wants their tests to fail.',
    '',
    `## Features (${count(featureRows)})`, '', ...table(featureRows, tests), '',
    `## Configuration keys (${count(keyRows)})`, '',
    'Each key is read from a configuration of the original and changes what it is about; a key that also has a test of its effect lists that too.', '', ...table(keyRows, tests), '',
    `## Hazards (${count(hazardRows)})`, '', 'Each title says what must not happen.', '', ...table(hazardRows, tests),
  ].join('\n')}\n`
}
