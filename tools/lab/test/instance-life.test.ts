import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pause } from '../src/engine/mutex.ts'
import { runWorkload } from '../src/engine/workload.ts'
import { codesOf, makeLab, pieceAt, session, type TestLab } from './support/lab.ts'

let lab: TestLab
beforeEach(async () => { lab = await makeLab() })
afterEach(async () => { await lab.remove() })

const endless = new AbortController().signal
const work = (db: Awaited<ReturnType<TestLab['open']>>, transactions: number): Promise<{ lastScn: bigint }> => runWorkload(db, { transactions, seconds: undefined, perSecond: undefined, signal: endless })
const recovery = { onLog: () => undefined, onFileCreated: () => undefined, abort: endless }

/** A change is there soon, or the test fails. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400; i += 1) {
    if (condition()) return
    await pause(10, endless)
  }
  throw new Error('did not happen')
}

describe('NOMOUNT and MOUNT', () => {
  it('refuse a wrong name, an old compatible, a missing control file and a second instance', async () => {
    const spfile = lab.instanceWith(lab.host, 'x', { db_name: 'orcl' })
    expect(spfile.status).toBe('STARTED')
    expect(() => spfile.currentScn).toThrow('ORA-01507')
    const db = await lab.open()
    const files = db.parameters.get('control_files')!.value
    const wrong = lab.instanceWith(lab.host, 'wrong', { db_name: 'other', control_files: files })
    expect(await codesOf(wrong.mount())).toEqual(['ORA-01103'])
    const old = lab.instanceWith(lab.host, 'old', { db_name: 'orcl', control_files: files, compatible: '11.2.0.0.0' })
    expect(await codesOf(old.mount())).toEqual(['ORA-00201', 'ORA-00202'])
    const none = lab.instanceWith(lab.host, 'none', { db_name: 'orcl', control_files: '/u01/nothing.ctl' })
    expect(await codesOf(none.mount())).toEqual(['ORA-00205'])
    expect(existsSync(path.join(lab.host.home, 'dbs', 'hc_none.dat'))).toBe(true)
    expect(existsSync(path.join(lab.host.home, 'dbs', 'lkORCL'))).toBe(true)
    expect(await codesOf(spfile.open({ mode: 'READ WRITE' }))).toEqual(['ORA-01507'])
  })

  it('refuse unknown parameters and keep changed ones in the spfile', async () => {
    expect(() => lab.instanceWith(lab.host, 'x', { db_name: 'orcl', db_nam: 'y' })).toThrow(/ORA-01078.*\nLRM-00101: unknown parameter name 'db_nam'/)
    const db = await lab.open()
    await db.setParameter('log_archive_dest_9', `LOCATION=${lab.dir}/nfs REOPEN=60`, 'both')
    expect(await codesOf(db.setParameter('compatible', '19.0.0', 'both'))).toEqual(['ORA-02095'])
    expect(await codesOf(db.setParameter('log_archive_dest_8', 'LOCATON=/x', 'both'))).toEqual(['ORA-02097', 'ORA-16024'])
    expect(db.archiveDestinations.map((d) => [d.id, d.binding, d.reopenSeconds])).toEqual([[9, 'OPTIONAL', 60]])
    await db.shutdown('immediate')
    const again = await lab.open()
    expect(again.parameters.get('log_archive_dest_9')?.value).toContain('REOPEN=60')
  })

  it('prefer the newest copy of the control file after a crash between two copies', async () => {
    const db = await lab.open()
    const [first = '', second = ''] = db.parameters.get('control_files')!.value.split(', ').map((f) => lab.host.real(f))
    await db.shutdown('immediate')
    await copyFile(first, `${first}.old`)
    const middle = await lab.instance()
    await middle.mount()
    await middle.updateControlFile(() => undefined)
    await copyFile(`${first}.old`, second)
    await middle.shutdown('immediate')
    const again = await lab.instance()
    await again.mount()
    await again.updateControlFile(() => undefined)
    await again.updateControlFile(() => undefined)
    await copyFile(`${first}.old`, second)
    await again.shutdown('immediate')
    expect(await codesOf((await lab.instance()).mount())).toEqual(['ORA-00214'])
  })
})

describe('OPEN', () => {
  it('finds rows again after a clean shutdown, and data in the right host\'s root only', async () => {
    const db = await lab.open()
    await work(db, 30)
    const rows = await db.readTable('DEMO', 'ORDERS')
    const file = db.controlFile.datafiles[3]!.name
    expect(file).toMatch(/^\/u01\/app\/oracle\/oradata\/ORCL\/datafile\/o1_mf_users_/)
    expect(existsSync(lab.host.real(file))).toBe(true)
    expect(existsSync(lab.sandbox.real(file))).toBe(false)
    await db.shutdown('immediate')
    const again = await lab.open()
    expect(await again.readTable('DEMO', 'ORDERS')).toEqual(rows)
  })

  it('names what is missing, damaged or too old', async () => {
    const db = await lab.open()
    const record = db.controlFile.datafiles[3]!
    const real = lab.host.real(record.name)
    await db.copyDatafile(4, `${lab.dir}/old`, { tag: null, level0: false, session: session(db) })
    await work(db, 5)
    await db.shutdown('immediate')
    await copyFile(real, `${lab.dir}/keep`)
    const attempt = async (): Promise<string[]> => {
      const instance = await lab.instance()
      await instance.mount()
      const codes = await codesOf(instance.open({ mode: 'READ WRITE' }))
      await instance.shutdown('immediate')
      return codes
    }
    await rm(real)
    expect(await attempt()).toEqual(['ORA-01157', 'ORA-01110'])
    await writeFile(real, 'nothing')
    expect(await attempt()).toEqual(['ORA-01122', 'ORA-01110', 'ORA-01210'])
    await copyFile(`${lab.dir}/old`, real)
    expect(await attempt()).toEqual(['ORA-01113', 'ORA-01110'])
    const instance = await lab.instance()
    await instance.mount()
    await instance.recoverDatabase(recovery)
    await instance.open({ mode: 'READ WRITE' })
    expect((await instance.readTable('DEMO', 'ORDERS')).length).toBe(25)
  })

  it('refuses flashback logs that are not there', async () => {
    const db = await lab.open()
    await db.setFlashback(true)
    const [log = ''] = db.controlFile.flashbackLogs
    await db.shutdown('immediate')
    await rm(lab.host.real(log))
    const again = await lab.instance()
    await again.mount()
    expect(await codesOf(again.open({ mode: 'READ WRITE' }))).toEqual(['ORA-38760'])
    await again.setFlashback(false)
    await again.open({ mode: 'READ WRITE' })
  })

  it('goes on without a usable change tracking file, but not without the file', async () => {
    const db = await lab.open()
    await db.enableBlockChangeTracking(undefined, false)
    const file = lab.host.real(db.controlFile.bct.filename!)
    await db.shutdown('immediate')
    await writeFile(file, (await readFile(file)).fill(0, 512))
    const again = await lab.open()
    const { files: results } = await again.backupDatafiles([{ file: 4, level: 1, sinceScn: 5n }], pieceAt(`${lab.dir}/p`), session(again))
    expect(results.get(4)?.usedChangeTracking).toBe(false)
    await again.shutdown('immediate')
    await rm(file)
    const last = await lab.instance()
    await last.mount()
    expect(await codesOf(last.open({ mode: 'READ WRITE' }))).toEqual(['ORA-19755', 'ORA-19750', 'ORA-27037'])
    await last.disableBlockChangeTracking()
    await last.open({ mode: 'READ WRITE' })
  })
})

describe('archiving', () => {
  it('goes to the recovery area when nothing is set, and to all destinations when something is', async () => {
    const db = await lab.open()
    await db.archiveLogCurrent()
    expect(db.controlFile.archivedLogs[0]?.name).toMatch(/^\/u01\/app\/oracle\/fast_recovery_area\/ORCL\/archivelog\/\d{4}_\d\d_\d\d\/o1_mf_1_1_\w{8}_\.arc$/)
    await mkdir(`${lab.dir}/arch`)
    await db.setParameter('log_archive_dest_1', 'LOCATION=USE_DB_RECOVERY_FILE_DEST MANDATORY', 'memory')
    await db.setParameter('log_archive_dest_2', `LOCATION=${lab.dir}/arch`, 'memory')
    await db.archiveLogCurrent()
    const { resetlogsId } = db.controlFile
    expect(db.controlFile.archivedLogs.filter((l) => l.sequence === 2).map((l) => l.destId).sort()).toEqual([1, 2])
    expect(existsSync(`${lab.dir}/arch/1_2_${resetlogsId}.dbf`)).toBe(true)
  })

  it('skips an optional destination that fails and never fills the gap', async () => {
    const db = await lab.open()
    await db.setParameter('log_archive_dest_1', 'LOCATION=USE_DB_RECOVERY_FILE_DEST MANDATORY', 'memory')
    await db.setParameter('log_archive_dest_2', `LOCATION=${lab.dir}/absent REOPEN=1`, 'memory')
    await db.archiveLogCurrent()
    expect(db.archiveDestinations[1]).toMatchObject({ status: 'ERROR', failSequence: 1 })
    await mkdir(`${lab.dir}/absent`)
    await db.archiveLogCurrent()
    await pause(1100, endless)
    await db.archiveLogCurrent()
    expect(db.controlFile.archivedLogs.filter((l) => l.destId === 2).map((l) => l.sequence)).toEqual([3])
    expect(db.archiveDestinations[1]?.status).toBe('VALID')
  })

  it('holds the database when a mandatory destination fails, until it works again', async () => {
    const db = await lab.open()
    await db.setParameter('log_archive_dest_1', `LOCATION=${lab.dir}/absent MANDATORY REOPEN=1`, 'memory')
    const switches = (async () => { for (let i = 0; i < 3; i += 1) await db.switchLogfile() })()
    await until(() => db.controlFile.threads[0]?.sequence === 3 && db.archiveDestinations[0]?.status === 'ERROR')
    expect(await Promise.race([switches.then(() => 'done'), pause(50, endless).then(() => 'waiting')])).toBe('waiting')
    await mkdir(`${lab.dir}/absent`)
    await switches
    expect(db.controlFile.threads[0]?.sequence).toBe(4)
  })

  it('wraps around the online logs under load and loses nothing', async () => {
    const db = await lab.open()
    await work(db, 1200)
    expect(db.controlFile.threads[0]?.sequence).toBeGreaterThan(3)
    expect((await db.readTable('DEMO', 'HEARTBEAT'))[0]?.[2]).toBe(1200)
    expect((await db.readTable('DEMO', 'ORDERS')).length).toBe(4000)
  })
})

describe('structure', () => {
  it('adds, closes, opens and drops a tablespace', async () => {
    const db = await lab.open()
    await db.createTablespace('APP', [{ path: undefined, bytes: 131072 }, { path: '/u01/app/oracle/oradata/ORCL/datafile/app2.dbf', bytes: 131072 }])
    await db.createTable({ owner: 'A', name: 'T', tablespace: 'APP', columns: [{ name: 'ID', type: 'NUMBER' }, { name: 'V', type: 'VARCHAR2' }] })
    await db.insertRows('A', 'T', Array.from({ length: 100 }, (_, i) => [i, 'x'.repeat(1000)]))
    await expect(db.insertRows('A', 'T', Array.from({ length: 500 }, (_, i) => [i, 'x'.repeat(400)]))).rejects.toThrow(/ORA-01653|ORA-30036/)
    expect((await db.readTable('A', 'T')).length).toBe(100)
    expect(await db.deleteRows('A', 'T', (row) => Number(row[0]) >= 10)).toBe(90)
    await db.updateRows('A', 'T', (row) => (row[0] === 3 ? [3, 'y'.repeat(3000)] : undefined))
    await db.setTablespaceReadOnly('APP', true)
    await expect(db.insertRows('A', 'T', [[1, 'x'.repeat(3900)], [2, 'x'.repeat(3900)], [3, 'x'.repeat(3900)]])).rejects.toThrow('ORA-00372')
    await db.shutdown('immediate')
    const again = await lab.open()
    expect((await again.readTable('A', 'T')).map((r) => Number(r[0])).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    await again.setTablespaceReadOnly('APP', false)
    await again.insertRows('A', 'T', [[1, 'b']])
    await again.dropTablespace('APP', { includingDatafiles: true })
    expect(again.controlFile.datafiles).toHaveLength(4)
    expect(existsSync(lab.host.real('/u01/app/oracle/oradata/ORCL/datafile/app2.dbf'))).toBe(false)
    expect(again.tables().some((t) => t.owner === 'A')).toBe(false)
  })

  it('takes a file offline and brings it back after recovery', async () => {
    const db = await lab.open()
    await db.setDatafileOnline(2, false)
    await db.archiveLogCurrent()
    await db.checkpoint()
    expect(await codesOf(db.setDatafileOnline(2, true))).toEqual(['ORA-01113', 'ORA-01110'])
    expect(await codesOf(db.dropTablespace('SYSTEM', { includingDatafiles: false }))).toEqual(['ORA-01541'])
  })
})
