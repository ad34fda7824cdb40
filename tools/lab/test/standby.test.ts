import { spawn } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addStandby } from '../src/cli/add-standby.ts'
import { destroyLab, startDatabases, stopDatabases, withDatabase } from '../src/cli/control.ts'
import { initLab, sysPasswordFile } from '../src/cli/init.ts'
import { pause } from '../src/engine/mutex.ts'
import type { SqlResult } from '../src/engine/protocol.ts'
import { codesOf } from './support/lab.ts'

let dir: string
const endless = new AbortController().signal

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'icb-standby-'))
  await initLab(dir, {
    database: 'orcl', release: '12.1.0.2.0', edition: 'EE', timeZone: 'UTC', archiveDelayMs: 0, fsync: false, smonIntervalMs: 60_000, sizes: { system: 1, sysaux: 1, undo: 1, users: 2, redo: 0.25 },
  })
  await addStandby(dir, 'orcl')
  await startDatabases(dir, undefined)
}, 120_000)

afterAll(async () => { await destroyLab(dir) })

type Name = 'orcl' | 'orclsb'

const sql = async (name: Name, text: string): Promise<readonly (readonly (string | null)[])[]> => ((await withDatabase(dir, name, (connection) => connection.call({ kind: 'sql', text }))) as SqlResult).rows ?? []
const work = (transactions: number): Promise<unknown> => withDatabase(dir, 'orcl', (connection) => connection.call({ kind: 'lab', action: 'workload', args: { transactions } }))

async function until(what: string, probe: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i += 1) {
    if (await probe()) return
    await pause(100, endless)
  }
  throw new Error(`${what} did not happen`)
}

const applied = async (name: Name): Promise<number> => Number((await sql(name, `select nvl(max(sequence#), 0) from v$archived_log where applied = 'YES'${name === 'orcl' ? " and standby_dest = 'YES'" : ''}`))[0]?.[0])
const sequence = async (): Promise<number> => Number((await sql('orcl', 'select sequence# from v$thread'))[0]?.[0])

function rman(name: Name, script: string, logon = `/@${name}`): Promise<string> {
  const child = spawn(path.join(dir, 'hosts', name === 'orcl' ? 'prod' : 'standby', 'home', 'bin', 'rman'), [], { env: { PATH: '/usr/bin:/bin', TNS_ADMIN: path.join(dir, 'tns') }, stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
  child.stdin.end(`CONNECT TARGET ${logon};\n${script}\nEXIT;\n`)
  return new Promise((resolve) => child.once('close', () => { resolve(output) }))
}

describe('a physical standby', () => {
  it('receives and applies what its primary archives', async () => {
    expect(await sql('orclsb', 'select database_role, open_mode, controlfile_type, db_unique_name from v$database')).toEqual([['PHYSICAL STANDBY', 'MOUNTED', 'STANDBY', 'orclsb']])
    await work(20)
    const last = await sequence()
    await sql('orcl', 'alter system archive log current')
    await until('the log applied', async () => (await applied('orclsb')) >= last && (await applied('orcl')) >= last)
    const [[primary], [standby]] = [await sql('orcl', 'select current_scn from v$database') as [[string]], await sql('orclsb', 'select current_scn from v$database') as [[string]]]
    expect(Number(standby[0])).toBeGreaterThan(1_594_143)
    expect(Number(standby[0])).toBeLessThanOrEqual(Number(primary[0]))
    // It makes no redo, so it cannot switch logs; and it opens only when nobody applies.
    expect(await codesOf(sql('orclsb', 'alter system archive log current'))).toEqual(['ORA-01109'])
    expect(await codesOf(sql('orclsb', 'alter database open'))).toEqual(['ORA-10456'])
    await sql('orclsb', 'alter database recover managed standby database cancel')
    await sql('orclsb', 'alter database open')
    expect(await sql('orclsb', 'select open_mode from v$database')).toEqual([['READ ONLY']])
    expect(await sql('orclsb', 'select count from demo.heartbeat')).toEqual([['20']])
    expect(await codesOf(sql('orclsb', 'alter system switch logfile'))).toEqual(['ORA-16000'])
    await stopDatabases(dir, 'orclsb', 'immediate')
  }, 120_000)

  it('gets what it missed, and the primary keeps logs until they are applied there', async () => {
    await work(5)
    await sql('orcl', 'alter system archive log current')
    expect(await rman('orcl', 'CONFIGURE ARCHIVELOG DELETION POLICY TO APPLIED ON ALL STANDBY;\nDELETE NOPROMPT ARCHIVELOG ALL;')).toMatch(/RMAN-08120: WARNING: archived log not deleted, not yet applied by standby\narchived log file name=\S+ thread=1 sequence=\d+/)
    expect(await rman('orcl', 'CONFIGURE ARCHIVELOG DELETION POLICY TO NONE;\nDELETE NOPROMPT ARCHIVELOG ALL;')).toMatch(/RMAN-08137: WARNING: archived log not deleted, needed for standby/)
    const last = (await sequence()) - 1
    await startDatabases(dir, 'orclsb')
    await until('the missed log applied', async () => (await applied('orcl')) >= last)
    expect(await rman('orcl', 'CONFIGURE ARCHIVELOG DELETION POLICY TO APPLIED ON ALL STANDBY;\nDELETE NOPROMPT ARCHIVELOG ALL;')).toMatch(/Deleted \d+ objects/)
    expect(await rman('orclsb', 'CONFIGURE RETENTION POLICY TO RECOVERY WINDOW OF 2 DAYS;')).toMatch(/RMAN-05021: this configuration cannot be changed for a BACKUP or STANDBY control file/)
  }, 120_000)

  it('stays behind when it is told to, and keeps the logs that it has not applied', async () => {
    await sql('orclsb', 'alter system set "_lab_apply_lag_ms" = 600000 scope=memory')
    await work(5)
    const last = await sequence()
    await sql('orcl', 'alter system archive log current')
    await until('the log received', async () => (await sql('orclsb', `select count(*) from v$archived_log where sequence# = ${String(last)}`))[0]?.[0] !== '0')
    expect(await applied('orclsb')).toBeLessThan(last)
    expect(await rman('orclsb', 'DELETE NOPROMPT ARCHIVELOG ALL;')).toMatch(/RMAN-0(8120|8137)/)
    expect(await rman('orcl', `DELETE NOPROMPT FORCE ARCHIVELOG UNTIL SEQUENCE ${String(last)} THREAD 1;`)).toMatch(/Deleted \d+ objects/)
    await sql('orclsb', 'alter system set "_lab_apply_lag_ms" = 0 scope=memory')
    await until('the log applied', async () => (await applied('orclsb')) >= last)
  }, 120_000)

  it('asks its primary to archive when logs are backed up, as the user that RMAN logged on with', async () => {
    const backup = `BACKUP ARCHIVELOG ALL FORMAT '${dir}/nfs/backup/%U';`
    // A session of the wallet has no password that it could show to the primary.
    const without = await rman('orclsb', backup)
    expect(without).toMatch(/RMAN-06820: WARNING: failed to archive current log at primary database\nORACLE error from target database: \nORA-17629: Cannot connect to the remote database server\nORA-17627: ORA-01017/)
    expect(without).toContain('Finished backup at')
    const before = await sequence()
    const password = (await readFile(sysPasswordFile(dir), 'utf8')).trim()
    const output = await rman('orclsb', backup, `sys/${password}@orclsb`)
    expect(output).toContain('current log archived at primary database')
    expect(output).not.toContain('RMAN-06820')
    expect(await sequence()).toBe(before + 1)
  }, 120_000)

  it('takes over by SWITCHOVER TO, and the former primary applies its redo', async () => {
    const role = (name: Name): Promise<unknown> => sql(name, 'select database_role, open_mode, controlfile_type, switchover_status from v$database')
    expect(await codesOf(sql('orcl', 'alter database switchover to nobody'))).toEqual(['ORA-16053'])
    expect(await codesOf(sql('orclsb', 'alter database switchover to orcl'))).toEqual(['ORA-01666'])
    expect(await codesOf(sql('orclsb', 'alter database commit to switchover to primary'))).toEqual(['ORA-16139'])
    await sql('orclsb', 'alter database recover managed standby database cancel')
    expect(await codesOf(sql('orcl', 'alter database switchover to orclsb verify'))).toEqual(['ORA-16470'])
    await sql('orclsb', 'alter database recover managed standby database disconnect')
    expect(await role('orcl')).toEqual([['PRIMARY', 'READ WRITE', 'CURRENT', 'TO STANDBY']])
    await sql('orcl', 'alter database switchover to orclsb verify')
    await work(7)
    const [[before]] = await sql('orcl', 'select count from demo.heartbeat') as [[string]]
    await sql('orcl', 'alter database switchover to orclsb')
    // The old primary has to be started; the new one is mounted.
    await until('the end of the old primary', async () => (await codesOf(sql('orcl', 'select 1 from dual')))[0] === 'ORA-01034')
    expect(await role('orclsb')).toEqual([['PRIMARY', 'MOUNTED', 'CURRENT', 'NOT ALLOWED']])
    await sql('orclsb', 'alter database open')
    expect(await sql('orclsb', 'select count from demo.heartbeat')).toEqual([[before]])
    expect(await sql('orclsb', "select count(*) from v$archived_log where end_of_redo = 'YES' and end_of_redo_type = 'SWITCHOVER'")).toEqual([['1']])
    await startDatabases(dir, 'orcl')
    // Until redo of the new primary comes it could still take the role back.
    expect(await role('orcl')).toEqual([['PHYSICAL STANDBY', 'MOUNTED', 'STANDBY', 'TO PRIMARY']])
    await withDatabase(dir, 'orclsb', (connection) => connection.call({ kind: 'lab', action: 'workload', args: { transactions: 9 } }))
    const [[last]] = await sql('orclsb', 'select sequence# from v$thread') as [[string]]
    await sql('orclsb', 'alter system archive log current')
    await until('the redo applied at the former primary', async () => Number((await sql('orcl', "select nvl(max(sequence#), 0) from v$archived_log where applied = 'YES' and standby_dest = 'NO'"))[0]?.[0]) >= Number(last))
    expect(await role('orcl')).toEqual([['PHYSICAL STANDBY', 'MOUNTED', 'STANDBY', 'NOT ALLOWED']])
    expect(await rman('orclsb', 'CONFIGURE ARCHIVELOG DELETION POLICY TO APPLIED ON ALL STANDBY;\nDELETE NOPROMPT ARCHIVELOG ALL;')).toMatch(/Deleted \d+ objects/)
  }, 120_000)

  it('gives the role back by COMMIT TO SWITCHOVER, each side with its own command', async () => {
    const status = async (name: Name): Promise<unknown> => (await sql(name, 'select switchover_status from v$database'))[0]?.[0]
    const user = await withDatabase(dir, 'orclsb', async (connection) => {
      // Somebody is there: only with SESSION SHUTDOWN.
      const [codes, seen] = [await codesOf(sql('orclsb', 'alter database commit to switchover to physical standby')), await status('orclsb')]
      await connection.call({ kind: 'sql', text: 'select 1 from dual' })
      return [codes, seen]
    })
    expect(user).toEqual([['ORA-01093'], 'SESSIONS ACTIVE'])
    await sql('orclsb', 'alter database commit to switchover to physical standby with session shutdown')
    expect(await codesOf(sql('orclsb', 'alter database mount'))).toEqual(['ORA-16456'])
    await until('the end of redo applied', async () => (await status('orcl')) === 'TO PRIMARY')
    await sql('orcl', 'alter database commit to switchover to primary with session shutdown')
    await sql('orcl', 'alter database open')
    await stopDatabases(dir, 'orclsb', 'abort')
    await startDatabases(dir, 'orclsb')
    await work(5)
    const last = await sequence()
    await sql('orcl', 'alter system archive log current')
    await until('the redo applied at the standby again', async () => (await applied('orclsb')) >= last)
    await sql('orclsb', 'alter database recover managed standby database cancel')
    await sql('orclsb', 'alter database open read only')
    expect(await sql('orclsb', 'select count from demo.heartbeat')).toEqual(await sql('orcl', 'select count from demo.heartbeat'))
  }, 120_000)
})
