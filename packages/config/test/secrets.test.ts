import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProcessRunner, silentLogger, systemClock } from '@icb/runtime'
import type { ProcessRunner, ProcessSpec } from '@icb/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkHost, configFromObject, externalView, loadConfig, resolveSecret } from '../src/index.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'icb-config-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const noProcess: ProcessRunner = () => Promise.reject(new Error('no program is run'))
const result = { exitCode: 0, signal: null, timedOut: false, canceled: false, durationMs: 1, tail: [], lineCount: 0, cutLines: 0 }

async function file(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(dir, name)
  await writeFile(path, text, { mode: 0o600 })
  await chmod(path, mode)
  return name
}

describe('resolveSecret', () => {
  const options = () => ({ env: { PW: 'of-env', EMPTY: '' }, baseDir: dir, runProcess: noProcess })

  it('from the environment', async () => {
    const secret = await resolveSecret({ env: 'PW' }, 'password of x', options())
    expect(secret.reveal()).toBe('of-env')
    expect(JSON.stringify({ secret })).not.toContain('of-env')
    await expect(resolveSecret({ env: 'NONE' }, 'password of x', options())).rejects.toMatchObject({ code: 'ICB_CONFIG_SECRET_MISSING', message: 'password of x: the environment variable NONE is not set' })
    await expect(resolveSecret({ env: 'EMPTY' }, 'p', options())).rejects.toMatchObject({ code: 'ICB_CONFIG_SECRET_MISSING' })
  })

  it('from a file, without its last line break', async () => {
    expect((await resolveSecret({ file: await file('plain', ' of file \n') }, 'p', options())).reveal()).toBe(' of file ')
    await expect(resolveSecret({ file: 'missing' }, 'p', options())).rejects.toMatchObject({ code: 'ICB_CONFIG_SECRET_MISSING' })
    await expect(resolveSecret({ file: await file('empty', '\n') }, 'p', options())).rejects.toMatchObject({ code: 'ICB_CONFIG_SECRET_MISSING' })
  })

  it('from one key of an INI file', async () => {
    const name = await file('zfs.cfg', '[zfscredentials]\nzfsuser: admin\nzfspassword: a%%b:c=d\n')
    expect((await resolveSecret({ file: name, section: 'zfscredentials', key: 'ZFSpassword' }, 'p', options())).reveal()).toBe('a%b:c=d')
    await expect(resolveSecret({ file: name, section: 'zfscredentials', key: 'password' }, 'p', options())).rejects.toMatchObject({ code: 'ICB_CONFIG_SECRET_MISSING' })
  })

  it.each([0o640, 0o604, 0o660, 0o620])('[H47] not from a file of mode %o', async (mode) => {
    const name = await file(`mode${mode}`, 'topsecret', mode)
    await expect(resolveSecret({ file: name }, 'p', options())).rejects.toMatchObject({ code: 'ICB_CONFIG_SECRET_MODE', hint: `chmod 600 ${join(dir, name)}` })
  })

  it('from the first line of a program, which sees a small environment', async () => {
    const specs: ProcessSpec[] = []
    const runProcess: ProcessRunner = (spec) => {
      specs.push(spec)
      spec.onLine?.('warning', 'stderr')
      spec.onLine?.('of-command', 'stdout')
      spec.onLine?.('second', 'stdout')
      return Promise.resolve(result)
    }
    const secret = await resolveSecret({ command: ['bin/vault', 'read', 'x'] }, 'p', { env: { PATH: '/bin', PW: 'x' }, baseDir: dir, runProcess })
    expect(secret.reveal()).toBe('of-command')
    expect(specs).toMatchObject([{ file: join(dir, 'bin/vault'), args: ['read', 'x'], env: { PATH: '/bin' }, secretOutput: true, deadlineMs: 30_000 }])
    expect(specs[0]?.env).not.toHaveProperty('PW')
  })

  it('from a real program, also when the secret is known already and would be redacted', async () => {
    const runProcess = createProcessRunner({ clock: systemClock, logger: silentLogger })
    for (let turn = 0; turn < 2; turn++) {
      const secret = await resolveSecret({ command: ['/bin/echo', 'printed-by-echo'] }, 'p', { ...options(), runProcess })
      expect(secret.reveal()).toBe('printed-by-echo')
    }
    await expect(resolveSecret({ command: ['./no-such-program'] }, 'p', { ...options(), runProcess })).rejects.toMatchObject({ code: 'ICB_PROCESS_START' })
  })

  it.each([
    [{ ...result, exitCode: 3 }, 'p: vault ended with 3'],
    [{ ...result, exitCode: null, timedOut: true }, 'p: vault did not end within 30 s'],
    [{ ...result, exitCode: null, signal: 'SIGSEGV' }, 'p: vault was ended by SIGSEGV'],
  ])('a program that fails: %#', async (outcome, message) => {
    await expect(resolveSecret({ command: ['vault'] }, 'p', { ...options(), runProcess: () => Promise.resolve(outcome) })).rejects.toMatchObject({ code: 'ICB_CONFIG_SECRET_COMMAND', message })
    await expect(resolveSecret({ command: ['vault'] }, 'p', { ...options(), runProcess: () => Promise.resolve(result) })).rejects.toMatchObject({ code: 'ICB_CONFIG_SECRET_MISSING' })
  })

  it.each([['tiger-in-clear'], [{}], [{ env: 'A', file: 'b' }], [{ command: [] }], [{ file: 'x', key: 'y' }], [null], [{ env: 7 }]])('%j is no reference', async (reference) => {
    const error: unknown = await resolveSecret(reference, 'p', options()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ICB_CONFIG_INVALID_VALUE' })
    expect(String(error)).not.toContain('tiger')
  })
})

const database = { dbid: 1, parallel: 1, recoveryWindowDays: 1, retention: { keepDays: 1 } }

describe('externalView', () => {
  it('shows no secret, and stays JSON', async () => {
    const config = configFromObject(
      {
        defaults: { backupDest: '/b' },
        databases: {
          db1: {
            ...database,
            storage: {
              adapter: 'x', password: 'tiger1', login: { user: 'scott', passphrase: 'tiger2', apiKey: 'tiger3' }, tokens: ['tiger4'],
              credentials: { user: { env: 'U' }, password: { file: '/f', section: 's', key: 'k' }, literal: 'tiger5' }, other: { command: ['vault', 'tiger6'] },
            },
          },
        },
      },
      { baseDir: '/' },
    )
    const text = JSON.stringify(externalView(config))
    expect(text).not.toContain('tiger')
    expect((JSON.parse(text) as { databases: { storage: unknown }[] }).databases[0]!.storage).toEqual({
      adapter: 'x',
      options: {
        password: '[secret]', login: { user: 'scott', passphrase: '[secret]', apiKey: '[secret]' }, tokens: ['[secret]'],
        credentials: { user: { env: 'U' }, password: { file: '/f', section: 's', key: 'k' }, literal: '[secret]' }, other: { command: ['vault', '[secret]'] },
      },
    })
  })

  it('masks what came from a credentials file', async () => {
    const files: Record<string, string> = {
      '/e/a.cfg': '[generic]\nbackupdest: /b\nsnappermodule: netapp\n[netapp]\nfiler: public\nmounthost: shown\n[db1]\ndbid: 1\nrecoverywindow: 1\nparallel: 1\nsnapexpirationdays: 1\n',
      '/e/netappcredentials.cfg': '[netappcredentials]\nuser: u\npassword: tiger\n[netapp]\nfiler: private\n',
    }
    const view = externalView(await loadConfig('/e/a.cfg', { env: {}, readFile: (path) => Promise.resolve(files[path]!) }))
    expect(view['databases']).toMatchObject([{ storage: { options: { filer: '[secret]', mounthost: 'shown' } } }])
    expect(JSON.stringify(view)).not.toMatch(/private|tiger/u)
  })
})

describe('checkHost', () => {
  const config = configFromObject(
    {
      defaults: { backupDest: '/b', tnsAdmin: '/tns', storage: { adapter: 'x', credentials: { password: { file: 'pw' } } }, restoreTest: { scratch: '/scratch' } },
      databases: { db1: { ...database, oracleHome: '/oh' }, db2: { ...database, restoreTest: { enabled: false } } },
    },
    { baseDir: '/e' },
  )

  it('warns of each path once, with the databases that need it', async () => {
    const warnings = await checkHost(config, { stat: (path) => Promise.resolve(path === '/b/db1' ? { directory: true, mode: 0o755 } : path === '/e/pw' ? { directory: false, mode: 0o644 } : path === '/oh' ? { directory: false, mode: 0o644 } : undefined) })
    expect(warnings.map(({ message }) => message)).toEqual([
      'db2: no Oracle home, neither oraclehome (oracleHome) nor the variable ORACLE_HOME',
      'Oracle home /oh is no directory (db1)',
      'directory of tnsnames.ora /tns does not exist on this host (db1, db2)',
      'scratch directory /scratch does not exist on this host (db1)',
      'file with a secret /e/pw can be read by its group or by others: chmod 600 (db1, db2)',
      'backup area /b/db2 does not exist on this host (db2)',
    ])
  })

  it('asks the file system when nothing else is given', async () => {
    const here = configFromObject({ databases: { db1: { ...database, areaPath: dir, oracleHome: join(dir, 'none') } } }, { baseDir: dir })
    expect((await checkHost(here)).map(({ message }) => message)).toEqual([`Oracle home ${join(dir, 'none')} does not exist on this host (db1)`])
  })
})
