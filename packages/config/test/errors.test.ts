import { isIcbError } from '@icb/runtime'
import type { IcbError } from '@icb/runtime'
import { describe, expect, it } from 'vitest'
import { configErrorCatalogue, configFromObject, loadConfig } from '../src/index.ts'

async function errorOf(text: string, file = 'a.cfg'): Promise<IcbError> {
  try {
    await loadConfig(file, { env: {}, readFile: () => Promise.resolve(text) })
  } catch (error) {
    if (isIcbError(error)) return error
    throw error
  }
  throw new Error('no error')
}

const generic = '[generic]\nbackupdest: /b\n'
const database = 'dbid: 1\nrecoverywindow: 1\nparallel: 1\nsnapexpirationdays: 1\n'
const good = `${generic}[db1]\n${database}`

describe('an INI mistake', () => {
  it('the text it is made from has none', async () => {
    await expect(loadConfig('a.cfg', { env: {}, readFile: () => Promise.resolve(good) })).resolves.toBeDefined()
  })

  it.each([
    [good.replace('parallel', 'paralel'), 'ICB_CONFIG_INVALID', 'a.cfg:6: [db1] paralel: unknown key; did you mean "parallel"?'],
    [`${good}hasdatagaurd: true\n`, 'ICB_CONFIG_UNKNOWN_KEY', 'a.cfg:8: [db1] hasdatagaurd: unknown key; did you mean "hasdataguard"?'],
    [`${good}oraclehome: /x\n`, 'ICB_CONFIG_UNKNOWN_KEY', 'did you mean "genericoraclehome"?'],
    [`${good}autorestoresnapage: 3\n`, 'ICB_CONFIG_UNKNOWN_KEY', 'did you mean "autorestoreautorestoresnapage"?'],
    [`${good}statedir: /x\n`, 'ICB_CONFIG_UNKNOWN_KEY', 'a.cfg:8: [db1] statedir: unknown key'],
    [good.replace('[db1]', 'backupdst: 1\n[db1]'), 'ICB_CONFIG_UNKNOWN_KEY', 'a.cfg:3: [generic] backupdst: unknown key; did you mean "backupdest"?'],
    [`${good}[autorestor]\nsga_size: 1G\n`, 'ICB_CONFIG_UNKNOWN_SECTION', 'a.cfg:8: [autorestor]: unknown section (a database would have a dbid); did you mean "[autorestore]"?'],
    [`${good}[zfssa]\nzfssapool: x\n`, 'ICB_CONFIG_UNKNOWN_KEY', 'a.cfg:9: [zfssa] zfssapool: unknown key; did you mean "pool"?'],
    [`${good}[../etc]\n${database}`, 'ICB_CONFIG_UNKNOWN_SECTION', 'a.cfg:8: [../etc]: neither a reserved section nor a db_unique_name'],
    [`${good}[DEFAULT]\nparralel: 3\n`, 'ICB_CONFIG_UNKNOWN_KEY', 'a.cfg:9: [DEFAULT] parralel: unknown key; did you mean "parallel"?'],
    [good.replace('parallel: 1', 'parallel: four'), 'ICB_CONFIG_INVALID_VALUE', 'a.cfg:6: [db1] parallel: expected a whole number from 1 to 254, found "four"'],
    [good.replace('parallel: 1', 'parallel: 0'), 'ICB_CONFIG_INVALID_VALUE', 'a.cfg:6: [db1] parallel: expected a whole number from 1 to 254, found "0"'],
    [good.replace('dbid: 1', 'dbid: 4294967296'), 'ICB_CONFIG_INVALID_VALUE', 'a.cfg:4: [db1] dbid: expected the DBID'],
    [good.replace('dbid: 1\n', ''), 'ICB_CONFIG_MISSING_KEY', 'a.cfg:3: [db1] dbid: required (V$DATABASE.DBID)'],
    [good.replace('dbid: 1\n', 'dbid:\n'), 'ICB_CONFIG_MISSING_KEY', 'a.cfg:3: [db1] dbid: required'],
    [good.replace(generic, ''), 'ICB_CONFIG_MISSING_KEY', '[generic] backupdest: required'],
    [`${good}registercatalog: perhaps\n`, 'ICB_CONFIG_INVALID_VALUE', 'a.cfg:8: [db1] registercatalog: expected true or false'],
    [`${good}rmansectionsize: 32X\n`, 'ICB_CONFIG_INVALID_VALUE', 'a.cfg:8: [db1] rmansectionsize: expected a size such as 512M or 32G, found "32X"'],
    [`${good}retentionzone: Mars\n`, 'ICB_CONFIG_INVALID_VALUE', 'a.cfg:8: [db1] retentionzone: expected a time zone'],
    [`${good}keep: fortnight 3\n`, 'ICB_CONFIG_INVALID_VALUE', 'a.cfg:8: [db1] keep: expected rules such as'],
    [`${good}role: boss\n`, 'ICB_CONFIG_INVALID_VALUE', 'a.cfg:8: [db1] role: expected one of primary, standby, any, found "boss"'],
    [`${good}connect: /\n`, 'ICB_CONFIG_MISSING_KEY', '[db1] sid: required when connect is "/"'],
    [`${good}autorestoreenabled: 1\nautorestoremount: fstab\nautorestoreautorestoremountpoint: /m\n`, 'ICB_CONFIG_MISSING_KEY', 'autorestoreclonename: required for mount "fstab"'],
    [`${good}autorestoreenabled: 1\nautorestoremount: sudo\n`, 'ICB_CONFIG_MISSING_KEY', 'autorestoremountpoint: required for mount "sudo"'],
    [`${good}autorestoreenabled: 1\nautorestoremount: sudo\nautorestoreslots: 2\nautorestoreautorestoremountpoint: /m\n`, 'ICB_CONFIG_INVALID_VALUE', '2 slots need one of their own each'],
    [`${good}genericwarningsnapage: 40\n`, 'ICB_CONFIG_INVALID_VALUE', 'critical after 32 h comes before warning after 40 h'],
    [`${good.replace('[db1]', 'backupdestshared: false\n[db1]')}[db2]\n${database}`, 'ICB_CONFIG_INVALID_VALUE', '[db2]: the backup area /b is also that of db1'],
    [`${good}[db1]\n`, 'ICB_CONFIG_DUPLICATE_SECTION', 'a.cfg:8: [db1]: the section was already opened at a.cfg:3'],
  ])('%# %s', async (text, code, message) => {
    const error = await errorOf(text)
    expect(error.message).toContain(message)
    expect(error.code).toBe(code)
    expect(error.remedy).toBe('fix')
  })

  it('never repeats what may be a password', async () => {
    for (const text of [`${good}connect: system/tiger@db1\n`, `${good}rmancatalog: rman/tiger@rman\n`, `${good}primarytns: a tiger\n`]) {
      const error = await errorOf(text)
      expect(error.code).toBe('ICB_CONFIG_INVALID_VALUE')
      expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain('tiger')
    }
  })

  it('[H49] all mistakes are told at once, each once', async () => {
    const error = await errorOf(`[generic]\nbackupdest: /b\nmaxlockwait: soon\n[db1]\n${database}[db2]\n${database.replace('dbid', 'dbdi')}`)
    expect(error.message).toBe(
      [
        '3 mistakes in a.cfg:',
        '  a.cfg:10: [db2] dbdi: unknown key; did you mean "dbid"?',
        '  a.cfg:3: [generic] maxlockwait: expected a whole number from 0 to 100000, found "soon"',
        '  a.cfg:9: [db2] dbid: required (V$DATABASE.DBID)',
      ].join('\n'),
    )
    expect(error.details['problems']).toHaveLength(3)
    expect((error.details['problems'] as object[])[0]).toMatchObject({ code: 'ICB_CONFIG_UNKNOWN_KEY', file: 'a.cfg', line: 10, section: 'db2', key: 'dbdi', nearest: 'dbid' })
  })
})

const yamlGood = 'defaults:\n  backupDest: /b\ndatabases:\n  db1:\n    dbid: 1\n    parallel: 1\n    recoveryWindowDays: 1\n    retention: { keepDays: 1 }\n'

describe('a YAML mistake', () => {
  it.each([
    [yamlGood.replace('parallel', 'paralel'), 'ICB_CONFIG_INVALID', 'a.yaml:6:5: [db1] paralel: unknown key; did you mean "parallel"?'],
    [yamlGood.replace('keepDays: 1', 'keepDays: 1, keepDay: 2'), 'ICB_CONFIG_UNKNOWN_KEY', 'a.yaml:8:31: [db1] retention.keepDay: unknown key; did you mean "keepDays"?'],
    [`${yamlGood}    keepMonths: 3\n`, 'ICB_CONFIG_UNKNOWN_KEY', 'a.yaml:9:5: [db1] keepMonths: unknown key; did you mean "retention.keepMonths"?'],
    [yamlGood.replace('parallel: 1', 'parallel: 1.5'), 'ICB_CONFIG_INVALID_VALUE', 'a.yaml:6:5: [db1] parallel: expected a whole number from 1 to 254, found 1.5'],
    [yamlGood.replace('parallel: 1', 'parallel: [1]'), 'ICB_CONFIG_INVALID_VALUE', 'a.yaml:6:5: [db1] parallel: expected a whole number from 1 to 254, found a list'],
    [yamlGood.replace('    dbid: 1\n', ''), 'ICB_CONFIG_MISSING_KEY', 'a.yaml:4:3: [db1] dbid: required'],
    [yamlGood.replace('{ keepDays: 1 }', '7'), 'ICB_CONFIG_INVALID', 'a.yaml:8:5: [db1] retention: expected a mapping'],
    [`${yamlGood}    parallel: 2\n`, 'ICB_CONFIG_DUPLICATE_KEY', 'a.yaml:9:5'],
    [`${yamlGood}backupdest: /b\n`, 'ICB_CONFIG_UNKNOWN_KEY', 'a.yaml:9:1: backupdest: unknown key'],
    [`${yamlGood}parallel: 2\n`, 'ICB_CONFIG_UNKNOWN_KEY', 'a.yaml:9:1: parallel: unknown key'],
    ['databases: [\n', 'ICB_CONFIG_SYNTAX', 'a.yaml:2'],
    ['a: &a [*a, *a]\nb: *c\n', 'ICB_CONFIG_SYNTAX', 'a.yaml'],
    ['- 1\n', 'ICB_CONFIG_INVALID_VALUE', 'a.yaml: expected a mapping'],
    ['databases: { "../x": { dbid: 1 } }\n', 'ICB_CONFIG_UNKNOWN_SECTION', 'a.yaml:1:14: [../x]: no db_unique_name'],
  ])('%# %s', async (text, code, message) => {
    const error = await errorOf(text, 'a.yaml')
    expect(error.message).toContain(message)
    expect(error.code).toBe(code)
  })
})

describe('other mistakes', () => {
  it('a missing file', async () => {
    await expect(loadConfig('/nowhere/at/all.cfg', { env: {} })).rejects.toMatchObject({ code: 'ICB_CONFIG_NOT_FOUND', remedy: 'fix', message: 'cannot read the configuration /nowhere/at/all.cfg: there is no such file' })
  })

  it('an object without line numbers', () => {
    expect(() => configFromObject({ databases: { db1: { dbid: 'x' } } }, { baseDir: '/' })).toThrow('<object>: [db1] dbid: expected the DBID')
  })

  it('a signal stops loading', async () => {
    const reason = new Error('stop')
    await expect(loadConfig('a.cfg', { env: {}, readFile: () => Promise.resolve(good), signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('every code is in the catalogue once', () => {
    const codes = configErrorCatalogue.map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
    expect(codes.every((code) => code.startsWith('ICB_CONFIG_'))).toBe(true)
  })
})
