import { copyFile, cp, mkdir, readdir, rm, truncate } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkHistory } from '../src/cli/history-check.ts'
import { flipBlock } from '../src/cli/flip-block.ts'
import type { LabInstance } from '../src/engine/instance.ts'
import { runWorkload } from '../src/engine/workload.ts'
import { codesOf, makeLab, pieceAt, session, type TestLab } from './support/lab.ts'

let lab: TestLab
let area: string
let db: LabInstance

beforeEach(async () => {
  lab = await makeLab()
  area = path.join(lab.dir, 'nfs', 'backup', 'orcl')
  await mkdir(path.join(area, 'archivelog'), { recursive: true })
  db = await lab.open()
  await db.setParameter('log_archive_dest_1', 'LOCATION=USE_DB_RECOVERY_FILE_DEST MANDATORY', 'both')
  await db.setParameter('log_archive_dest_2', `LOCATION=${area}/archivelog/`, 'both')
  await work(20)
})
afterEach(async () => {
  await lab.remove()
})

const work = (transactions: number): Promise<{ lastScn: bigint }> => runWorkload(db, { transactions, seconds: undefined, perSecond: undefined, signal: new AbortController().signal })

async function copyAll(): Promise<Map<number, bigint>> {
  const s = session(db)
  const checkpoints = new Map<number, bigint>()
  for (const { file } of db.controlFile.datafiles) checkpoints.set(file, (await db.copyDatafile(file, `${area}/data_${file}`, { tag: 'T', level0: true, session: s })).checkpointScn)
  return checkpoints
}

async function refresh(checkpoints: Map<number, bigint>): Promise<Map<number, bigint>> {
  const s = session(db)
  const piece = `${area}/piece_${checkpoints.get(1) ?? 0n}`
  const files = [...checkpoints].map(([file, sinceScn]) => ({ file, level: 1 as const, sinceScn }))
  const background = work(10)
  const { files: results } = await db.backupDatafiles(files, pieceAt(piece, 'I'), s)
  await background
  for (const { file } of files) await db.applyIncremental(`${area}/data_${file}`, [piece], file, s)
  await rm(piece)
  return new Map([...results].map(([file, r]) => [file, r.checkpointScn]))
}

/** A restore on the other host from what is in the area: control file, catalog, switch. */
async function restored(from: string): Promise<LabInstance> {
  const scratch = path.join(lab.dir, 'scratch')
  await mkdir(scratch, { recursive: true })
  const copy = lab.instanceWith(lab.sandbox, 'icb01', {
    db_name: 'orcl', db_unique_name: 'icb01', control_files: `${scratch}/restore.cf`, db_create_file_dest: from, diagnostic_dest: scratch, audit_file_dest: `${scratch}/audit`, undo_tablespace: 'UNDOTBS1',
  })
  await copy.restoreControlFile(`${from}/after.cf`)
  await copy.mount()
  const logs = await Promise.all((await readdir(`${from}/archivelog`)).map(async (name) => ({ name: `${from}/archivelog/${name}`, identity: await copy.identifyFile(`${from}/archivelog/${name}`) })))
  await copy.updateControlFile((data) => {
    data.archivedLogs = []
    for (const { name, identity } of logs) {
      if (identity.kind === 'archived-log') data.archivedLogs.push({ ...identity.record, recid: copy.nextRecid('archivedLogs'), stamp: 1, name, destId: 0, deleted: false, status: 'A' })
    }
    for (const d of data.datafiles) d.name = `${from}/data_${d.file}`
  })
  return copy
}

const recover = (instance: LabInstance, untilScn?: bigint): Promise<void> =>
  instance.recoverDatabase({ ...(untilScn === undefined ? {} : { untilScn }), newName: () => 'NEW', onLog: () => undefined, onFileCreated: () => undefined, abort: new AbortController().signal })

async function toPoint(): Promise<bigint> {
  const { lastScn } = await work(5)
  await work(5)
  await db.archiveLogCurrent()
  return lastScn
}

describe('image copy, incremental, merge, recovery', () => {
  it('gives back exactly the blocks of the wanted SCN, and opens read only', async () => {
    await db.enableBlockChangeTracking(undefined, false)
    let checkpoints = await copyAll()
    for (let day = 0; day < 3; day += 1) {
      await work(15)
      checkpoints = await refresh(checkpoints)
    }
    await db.archiveLogCurrent()
    await db.writeControlFileBackup(pieceAt(`${area}/after.cf`, 'T'), { spfile: true })
    const target = await toPoint()
    const beats = await db.readTable('DEMO', 'HEARTBEAT')
    const copy = await restored(area)
    expect(await codesOf(copy.open({ mode: 'READ ONLY' }))).toContain('ORA-16004')
    await recover(copy, target + 1n)
    for (const d of copy.controlFile.datafiles) {
      const check = await checkHistory(d.name, lab.dir, target)
      expect(check.differences).toEqual([])
      expect((await copy.readDatafileHeader(d)).checkpointScn).toBe(target + 1n)
    }
    const users = copy.controlFile.datafiles.find((d) => d.file === 4)!.name
    expect((await checkHistory(users, lab.dir, target - 1n)).differences.length).toBeGreaterThan(0)
    expect((await checkHistory(users, lab.dir, target + 4n)).differences.length).toBeGreaterThan(0)
    await copy.open({ mode: 'READ ONLY' })
    expect((await copy.readTable('DEMO', 'HEARTBEAT'))[0]?.[2]).toBe(Number(beats[0]?.[2]) - 5)
    expect((await copy.readTable('DEMO', 'ORDERS')).length).toBeGreaterThan(100)
  })

  it('uses change tracking and reads less', async () => {
    await db.enableBlockChangeTracking(undefined, false)
    const checkpoints = await copyAll()
    await work(3)
    const { files: results } = await db.backupDatafiles([...checkpoints].map(([file, sinceScn]) => ({ file, level: 1 as const, sinceScn })), pieceAt(`${area}/p`), session(db))
    const users = results.get(4)
    expect(users?.usedChangeTracking).toBe(true)
    expect(users?.blocksRead).toBeLessThan(40)
    expect(users?.blocksWritten).toBeGreaterThan(0)
  })

  it('asks for the log that is missing, by thread, sequence and SCN', async () => {
    await copyAll()
    await db.writeControlFileBackup(pieceAt(`${area}/after.cf`, 'T'), { spfile: false })
    await toPoint()
    const target = await toPoint()
    await toPoint()
    const gone = db.controlFile.logHistory.find((h) => h.firstScn <= target && target < h.nextScn)
    const name = db.controlFile.archivedLogs.find((l) => l.sequence === gone?.sequence && l.name?.startsWith(area) === true)?.name
    await rm(String(name))
    const copy = await restored(area)
    await expect(recover(copy, target + 1n)).rejects.toThrow(`RMAN-06054: media recovery requesting unknown archived log for thread 1 with sequence ${gone?.sequence ?? 0} and starting SCN of ${gone?.firstScn ?? 0n}`)
    expect(await codesOf(copy.open({ mode: 'READ ONLY' }))).toEqual([])
  })

  it('refuses a goal older than the copies, and one inside the backup', async () => {
    const before = db.currentScn
    const checkpoints = await copyAll()
    await work(1)
    await db.writeControlFileBackup(pieceAt(`${area}/after.cf`, 'T'), { spfile: false })
    await toPoint()
    const copy = await restored(area)
    expect(await codesOf(recover(copy, before))).toEqual(['RMAN-06556'])
    expect(await codesOf(recover(copy, checkpoints.get(1)))).toEqual(['RMAN-06556'])
  })

  it('refuses to merge into a copy that is too old, and repeats an interrupted merge', async () => {
    const first = await copyAll()
    await work(10)
    const s = session(db)
    const { files: one } = await db.backupDatafiles([{ file: 4, level: 1, sinceScn: first.get(4) ?? 0n }], pieceAt(`${area}/p1`), s)
    await work(10)
    await db.backupDatafiles([{ file: 4, level: 1, sinceScn: one.get(4)?.checkpointScn ?? 0n }], pieceAt(`${area}/p2`), s)
    expect(await codesOf(db.applyIncremental(`${area}/data_4`, [`${area}/p2`], 4, s))).toContain('ORA-19638')
    await db.applyIncremental(`${area}/data_4`, [`${area}/p1`], 4, s)
    await db.applyIncremental(`${area}/data_4`, [`${area}/p2`], 4, s)
    expect(await codesOf(db.applyIncremental(`${area}/data_4`, [`${area}/p1`], 4, s))).toContain('ORA-19639')
  })

  it('finds a flipped byte by validation only', async () => {
    await copyAll()
    await db.writeControlFileBackup(pieceAt(`${area}/after.cf`, 'T'), { spfile: false })
    const target = await toPoint()
    const flipped = await flipBlock(`${area}/data_1`, { seed: 7, labDir: lab.dir })
    const copy = await restored(area)
    await recover(copy, target + 1n)
    await copy.open({ mode: 'READ ONLY' })
    const s = session(copy)
    const record = copy.controlFile.datafiles.find((d) => d.file === 1)!
    const counts = await copy.validateDatafile(record, true, s)
    expect(counts.failures).toMatchObject([{ block: flipped.block, type: 'CHECKSUM' }])
    expect(counts.empty + counts.data + counts.index + counts.other).toBe(counts.examined)
    const healthy = await copy.validateDatafile(copy.controlFile.datafiles.find((d) => d.file === 4)!, true, s)
    expect(healthy.failures).toEqual([])
  })

  it('creates files that were added after the control file was backed up', async () => {
    await copyAll()
    await db.writeControlFileBackup(pieceAt(`${area}/after.cf`, 'T'), { spfile: false })
    await db.createTablespace('EXTRA', [{ path: undefined, bytes: 1024 * 1024 }])
    await db.createTable({ owner: 'DEMO', name: 'NEWER', tablespace: 'EXTRA', columns: [{ name: 'ID', type: 'NUMBER' }] })
    await db.insertRows('DEMO', 'NEWER', [[42]])
    const target = await toPoint()
    const copy = await restored(area)
    const created: string[] = []
    await copy.recoverDatabase({ untilScn: target + 1n, newName: () => 'NEW', onLog: () => undefined, onFileCreated: (_file, name) => created.push(name), abort: new AbortController().signal })
    expect(created).toHaveLength(1)
    expect(created[0]).toMatch(new RegExp(`^${area}/ICB01/datafile/o1_mf_extra_`))
    await copy.open({ mode: 'READ ONLY' })
    expect(await copy.readTable('DEMO', 'NEWER')).toEqual([[42]])
  })

  it('does not take a half-written archived log for one', async () => {
    await toPoint()
    const [name] = await readdir(`${area}/archivelog`)
    const whole = `${area}/archivelog/${String(name)}`
    expect((await db.identifyFile(whole)).kind).toBe('archived-log')
    await copyFile(whole, `${area}/half`)
    await truncate(`${area}/half`, 1024)
    expect((await db.identifyFile(`${area}/half`)).kind).toBe('unreadable')
  })

  it('refuses a copy of another database', async () => {
    await copyAll()
    await db.writeControlFileBackup(pieceAt(`${area}/after.cf`, 'T'), { spfile: false })
    await db.archiveLogCurrent()
    const other = await makeLab()
    try {
      const foreign = await other.open()
      await foreign.copyDatafile(4, `${area}/data_4`, { tag: 'T', level0: true, session: session(foreign) })
    } finally {
      await other.remove()
    }
    const copy = await restored(area)
    expect(await codesOf(recover(copy))).toEqual(['ORA-01122', 'ORA-01110', 'ORA-01206'])
  })

  it('opens a restored copy read write only with RESETLOGS, as a new incarnation', async () => {
    await copyAll()
    await db.writeControlFileBackup(pieceAt(`${area}/after.cf`, 'T'), { spfile: false })
    const target = await toPoint()
    await cp(area, path.join(lab.dir, 'clone'), { recursive: true })
    const copy = await restored(path.join(lab.dir, 'clone'))
    await recover(copy, target + 1n)
    expect(await codesOf(copy.open({ mode: 'READ WRITE' }))).toEqual(['ORA-01589'])
    await copy.open({ mode: 'READ WRITE', resetlogs: true })
    expect(copy.controlFile.incarnations.map((i) => i.status)).toEqual(['PARENT', 'CURRENT'])
    await copy.insertRows('DEMO', 'HEARTBEAT', [[2, '2026-01-01 00:00:00', 0]])
    await copy.archiveLogCurrent()
    expect((await copy.readTable('DEMO', 'HEARTBEAT')).length).toBe(2)
  })
})
