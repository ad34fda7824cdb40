import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { destroyLab, startDatabases, withDatabase } from '../src/cli/control.ts'
import { initLab } from '../src/cli/init.ts'
import { runLab } from '../src/cli/program.ts'
import { pause } from '../src/engine/mutex.ts'
import type { SqlResult } from '../src/engine/protocol.ts'
import { codesOf } from './support/lab.ts'
import { codesIn } from './support/rman.ts'

// `lab fault …` as a person gives it, on instances and programs that are processes of their own.

let dir: string
let area: string
const endless = new AbortController().signal

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'icb-faults-'))
  await initLab(dir, { database: 'orcl', release: '12.1.0.2.0', edition: 'EE', timeZone: 'UTC', archiveDelayMs: 0, fsync: false, smonIntervalMs: 60_000, sizes: { system: 1, sysaux: 1, undo: 1, users: 2, redo: 0.25 } })
  area = path.join(dir, 'nfs', 'backup')
  await startDatabases(dir, undefined)
}, 60_000)
afterAll(async () => { await destroyLab(dir) })

beforeEach(() => { for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockImplementation(() => true) })
afterEach(() => { vi.restoreAllMocks() })

async function lab(...args: string[]): Promise<void> {
  expect(await runLab([...args, '--json'])).toBe(0)
}
const fault = (...args: string[]): Promise<void> => lab('fault', args[0] ?? '', dir, ...args.slice(1))
const sql = async (text: string): Promise<readonly (readonly (string | null)[])[]> => ((await withDatabase(dir, 'orcl', (connection) => connection.call({ kind: 'sql', text }))) as SqlResult).rows ?? []

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly output: string
  readonly bytes: number
}

function program(name: string, script: string, stop?: AbortSignal): Promise<Ended> {
  const child = spawn(path.join(dir, 'hosts', 'prod', 'home', 'bin', name), ['-S', '/nolog'].slice(0, name === 'sqlplus' ? 2 : 0), { env: { PATH: '/usr/bin:/bin', TNS_ADMIN: path.join(dir, 'tns') }, stdio: ['pipe', 'pipe', 'ignore'] })
  stop?.addEventListener('abort', () => child.kill('SIGKILL'))
  let output = ''
  let bytes = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    bytes += text.length
    output = (output + text).slice(-4000)
  })
  child.stdin.on('error', () => undefined).end(script)
  return new Promise((resolve) => child.once('close', (code, signal) => { resolve({ code, signal, output, bytes }) }))
}

const copyUsers = (): Promise<Ended> => program('rman', `connect target /@orcl\nRUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${area}/%U';\nBACKUP AS COPY DATAFILE 4;\n}\nexit;\n`)

describe('storage', () => {
  it('fails, fills, is slow or hangs for every instance, until it is cleared', async () => {
    await fault('storage', area, '--fail')
    expect((await copyUsers()).output).toMatch(/ORA-19504: .*\nORA-27040: .*\nLinux-x86_64 Error: 5: Input\/output error/)
    await fault('storage', area, '--fail', 'EROFS')
    expect(codesIn((await copyUsers()).output)).toEqual(['ORA-19504', 'ORA-27040'])
    await fault('storage', area, '--fill', '100K')
    expect((await copyUsers()).output).toMatch(/ORA-27072: .*\nLinux-x86_64 Error: 28: No space left on device/)
    await fault('storage', area, '--mount-options', 'rw,bg,soft')
    expect(codesIn((await copyUsers()).output)).toEqual(['ORA-19504', 'ORA-27054'])
    await fault('storage', area, '--slow', '60ms')
    const started = Date.now()
    expect((await copyUsers()).code).toBe(0)
    expect(Date.now() - started).toBeGreaterThan(240)
    await fault('storage', area, '--hang')
    const hanging = copyUsers()
    expect(await Promise.race([hanging, pause(700, endless)])).toBeUndefined()
    await fault('storage', area, '--clear')
    expect((await hanging).code).toBe(0)
  }, 60_000)
})

describe('a program', () => {
  it('exits, dies, prints without end or hangs, at its start or later, so often as wanted', async () => {
    await fault('program', 'rman', '--exit', '7', '--times', '1')
    expect((await copyUsers()).code).toBe(7)
    expect((await copyUsers()).code).toBe(0)
    await fault('program', 'rman', '--signal', 'SIGKILL', '--after', 'connected to target', '--times', '1')
    expect(await copyUsers()).toMatchObject({ signal: 'SIGKILL', output: expect.stringContaining('connected to target') as string })
    await fault('program', 'sqlplus', '--print', '5M')
    expect(await program('sqlplus', 'conn /@orcl as sysdba\nselect name from v$database;\nexit\n')).toMatchObject({ code: 0, output: expect.stringContaining('ORCL') as string, bytes: expect.toSatisfy((n: number) => n > 5_000_000) as number })
    await fault('program', 'adrci', '--hang')
    const stop = new AbortController()
    const hanging = program('adrci', 'exit\n', stop.signal)
    expect(await Promise.race([hanging, pause(500, endless)])).toBeUndefined()
    stop.abort()
    await hanging
    await fault('program', '*', '--clear')
    expect((await program('adrci', 'exit\n')).code).toBe(0)
  }, 60_000)
})

describe('the rest of the machine', () => {
  it('jumps in time', async () => {
    const time = async (): Promise<number> => Date.parse(`${(await sql("select to_char(sysdate, 'yyyy-mm-dd hh24:mi:ss') from dual"))[0]?.[0] ?? ''}Z`.replace(' ', 'T'))
    const scn = BigInt((await sql('select current_scn from v$database'))[0]?.[0] ?? 0)
    await fault('clock', '--jump', '-2h')
    expect(Math.abs((await time()) - Date.now() + 7_200_000)).toBeLessThan(60_000)
    expect(BigInt((await sql('select current_scn from v$database'))[0]?.[0] ?? 0)).toBeGreaterThanOrEqual(scn)
    await fault('clock', '--jump', '1d')
    expect((await time()) - Date.now()).toBeGreaterThan(70_000_000)
    await fault('clock', '--clear')
    expect(Math.abs((await time()) - Date.now())).toBeLessThan(60_000)
  }, 60_000)

  it('has a byte of a log or of a control file changed, and Oracle says which', async () => {
    await lab('workload', dir, 'orcl', '--transactions', '5')
    await sql('alter system archive log current')
    const [[log] = []] = await sql("select name from v$archived_log where sequence# = (select max(sequence#) from v$archived_log)")
    const real = path.join(dir, 'hosts', 'prod', 'root', log ?? '')
    await lab('fault', 'flip-block', real, '--seed', '3')
    const copied = await program('rman', `connect target /@orcl\nBACKUP AS COPY ARCHIVELOG ALL FORMAT '${area}/%U';\nexit;\n`)
    expect(codesIn(copied.output)).toEqual(['ORA-00354', 'ORA-00353', 'ORA-00334'])
    await rm(real)
    await lab('stop', dir, 'orcl')
    const controlFiles = (await readdir(path.join(dir, 'hosts', 'prod', 'root', 'u01', 'app', 'oracle'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile() && /\.ctl$/.test(entry.name))
    expect(controlFiles.length).toBe(2)
    const [first] = controlFiles
    const file = path.join(first?.parentPath ?? '', first?.name ?? '')
    await lab('fault', 'flip-block', file)
    expect(await codesOf(startDatabases(dir, 'orcl'))).toEqual(['ORA-00227', 'ORA-00202'])
    // The other one is whole: copied over, the database opens again.
    const other = path.join(controlFiles[1]?.parentPath ?? '', controlFiles[1]?.name ?? '')
    await new Promise((resolve) => execFile('cp', [other, file], resolve))
    await lab('stop', dir, 'orcl', '--abort')
    await startDatabases(dir, 'orcl')
  }, 60_000)

  it('loses an instance', async () => {
    await fault('kill-instance', 'orcl')
    let codes: readonly string[] = []
    for (let i = 0; codes.length === 0 && i < 500; i += 1) {
      codes = await codesOf(sql('select 1 from dual'))
      await pause(10, endless)
    }
    expect(codes[0]).toMatch(/ORA-0(1034|3113)/)
    expect(await runLab(['fault', 'kill-instance', dir, 'orcl', '--json'])).toBe(1)
    await startDatabases(dir, 'orcl')
    expect(await sql('select 1 from dual')).toEqual([['1']])
  }, 60_000)

  it('explains itself and refuses what makes no sense', async () => {
    for (const command of ['storage', 'program', 'flip-block', 'clock', 'kill-instance', 'archive-destination']) expect(await runLab(['fault', command, '--help'])).toBe(0)
    expect(await runLab(['fault', 'storage', dir, area, '--json'])).toBe(1)
    expect(await runLab(['fault', 'clock', dir, '--jump', 'soon'])).toBe(2)
    expect(await runLab(['fault', 'storage', dir, area, '--fill', 'much'])).toBe(2)
    expect(await runLab(['fault', 'flip-block', path.join(dir, 'lab.json')])).toBe(1)
  })
})
