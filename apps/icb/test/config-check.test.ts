import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPrograms, referenceDirectory, runProgram } from '@icb/testing'
import type { IcbDocument, ProgramResult } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const reference = referenceDirectory()
let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'icb-config-check-'))
})
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

function icb(...args: string[]): Promise<ProgramResult> {
  const programs = findPrograms(directory)
  return runProgram(programs.node, [programs.icb, ...args], { cwd: '/', env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' } })
}

describe.skipIf(reference === undefined)('config check of the original configurations (needs the reference data)', () => {
  it.each(['backup.sample.cfg', 'backup.netapp.sample.cfg', 'backup.softnas.sample.cfg'])('%s is understood', async (name) => {
    const result = await icb('config', 'check', '--json', '--config', join(reference ?? '', 'seed-config', name))
    const document = JSON.parse(result.stdout) as IcbDocument
    expect(result.exitCode).toBe(0)
    expect(document).toMatchObject({ schema: 'icb/config-check/1', ok: true, exitCode: 0 })
    // Only what this host lacks: programs, directories, credentials, adapters.
    for (const warning of document.warnings) expect(warning.code).toMatch(/^ICB_CONFIG_(HOST_|ADAPTER_MISSING)/)
  })
})

const base = ['[generic]', 'backupdest: /backup', 'oraclehome: /u01/home', '', '[orcl]', 'dbid: 1433672784', 'recoverywindow: 2', 'parallel: 4', 'snapexpirationdays: 31']

function written(lines: readonly string[]): string {
  const path = join(directory, `c${String(lines.length)}-${String(lines.join('\n').length)}.cfg`)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

it.each([
  ['a misspelt key', [...base.slice(0, 6), 'recoverywindw: 2', ...base.slice(7)], 7, 'recoverywindw', 'recoverywindow'],
  ['a bad number', [...base.slice(0, 7), 'parallel: four', ...base.slice(8)], 8, 'parallel', 'four'],
  ['a duplicate section', [...base, '[orcl]', 'dbid: 2'], 10, 'orcl', '5'],
])('%s: file, line, key and the way out, exit code 2', async (_what, lines, line, ...mentions) => {
  const path = written(lines)
  const result = await icb('config', 'check', '--config', path)
  expect(result.exitCode).toBe(2)
  expect(result.stderr).toContain(`${path}:${String(line)}`)
  for (const mention of mentions) expect(result.stderr).toContain(mention)
})

it('an unknown command and an unknown option end with 2, also as a document', async () => {
  expect((await icb('bakup', 'orcl')).exitCode).toBe(2)
  const result = await icb('backup', 'orcl', '--no-such-option', '--json')
  expect(result.exitCode).toBe(2)
  expect(JSON.parse(result.stdout)).toMatchObject({ ok: false, exitCode: 2, error: { code: 'ICB_USAGE_ARGUMENT' } })
})

it('init writes a configuration that config check understands, and never overwrites one', async () => {
  const place = join(directory, 'fresh')
  const programs = findPrograms(directory)
  const run = (...args: string[]) => runProgram(programs.node, [programs.icb, ...args], { cwd: '/', env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' } })
  expect((await run('init', place, '--database', 'orcl', '--dbid', '1433672784')).exitCode).toBe(0)
  expect((await run('config', 'check', '--config', join(place, 'icb.yaml'))).exitCode).toBe(0)
  expect((await run('init', place)).exitCode).toBe(2)
})
