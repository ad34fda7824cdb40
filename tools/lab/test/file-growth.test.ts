import { cp, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkHistory } from '../src/cli/history-check.ts'
import { setStorageFault } from '../src/cli/fault/storage.ts'
import type { LabInstance } from '../src/engine/instance.ts'
import { sectionsOf } from '../src/rman/server/sections.ts'
import { Datafile } from '../src/storage/datafile.ts'
import { type BackedUpLab, backedUpLab } from './support/backed-up-lab.ts'
import { codesOf, session } from './support/lab.ts'
import { codesIn } from './support/rman.ts'

// Datafiles that grow, by RESIZE and by themselves, before, between and during backups of them.

let lab: BackedUpLab
let db: LabInstance
beforeEach(async () => {
  lab = await backedUpLab()
  db = lab.db
})
afterEach(async () => { await lab.remove() })

const K = 1024
const row = 'x'.repeat(3900)
/** Two rows fill a block. */
const fill = async (rows: number): Promise<void> => { for (let done = 0; done < rows; done += 40) await db.insertRows('SYS', 'GROWING', Array.from({ length: Math.min(40, rows - done) }, () => [row])) }
const count = async (on: LabInstance = db): Promise<string | null | undefined> => (await lab.sql('select count(*) from growing', on))[0]?.[0]
const file = (instance: LabInstance = db) => {
  const record = instance.controlFile.datafiles.find((d) => d.tablespace === 'G')
  if (record === undefined) throw new Error('no file of G')
  return record
}
async function growing(clause: string): Promise<void> {
  await lab.sql(`create tablespace g datafile '/u01/g.dbf' size 512K ${clause}`)
  await lab.sql('create table growing (text varchar2(4000)) tablespace g')
}
/** Every block as the history has it, in a file as long as it should be. */
async function checked(name: string, scn: bigint, blocks: number): Promise<void> {
  const datafile = await Datafile.open(name, 'r')
  await datafile?.close()
  expect(datafile?.header.blocks).toBe(blocks)
  expect((await stat(name)).size).toBe((blocks + 1) * 8 * K)
  expect((await checkHistory(name, lab.lab.dir, scn)).differences).toEqual([])
}

describe('a datafile', () => {
  it('is as large as RESIZE says, beyond what the maps of its beginning reach', async () => {
    await growing('')
    expect(await codesOf(fill(400))).toEqual(['ORA-01653'])
    await lab.sql(`alter database datafile '/u01/g.dbf' resize 18M`)
    expect(await lab.sql("select bytes, create_bytes from v$datafile where name = '/u01/g.dbf'")).toEqual([[String(18 * K * K), String(512 * K)]])
    await fill(4200)
    await db.checkpoint()
    await checked(lab.lab.host.real('/u01/g.dbf'), db.currentScn, 18 * 128)
    // Block 2000 is a map, and the blocks behind it are in use.
    expect(db.segments().find((s) => s.name === 'GROWING')?.blocks.map((place) => place.block).filter((block) => block > 1998 && block < 2003)).toEqual([1999, 2001, 2002])
    expect(await codesOf(lab.sql(`alter database datafile ${file().file} resize 1M`))).toEqual(['ORA-03297'])
    expect(await codesOf(lab.sql('alter database datafile 1 resize 40000M'))).toEqual(['ORA-01144'])
    await db.shutdown('immediate')
    db = await lab.lab.open()
    expect(await count()).toBe('4320')
  })

  it('grows by NEXT up to MAXSIZE, and no further than its file system', async () => {
    await growing('autoextend on next 64K maxsize 768K')
    expect(await lab.sql("select autoextensible, maxbytes, increment_by from dba_data_files where tablespace_name = 'G'")).toEqual([['YES', String(768 * K), '8']])
    await fill(140)
    expect(file()).toMatchObject({ blocks: 72, createdBlocks: 64 })
    expect(await codesOf(fill(100))).toEqual(['ORA-01653'])
    expect(file().blocks).toBe(96)
    await lab.sql(`alter database datafile ${file().file} autoextend on maxsize unlimited`)
    await fill(20)
    expect(file().blocks).toBeGreaterThan(96)
    const { blocks } = file()
    await setStorageFault(lab.lab.dir, lab.lab.host.real('/u01/g.dbf'), { fail: 'ENOSPC' })
    expect(await codesOf(fill(40))).toEqual(['ORA-01237', 'ORA-01110', 'ORA-19502', 'ORA-27072'])
    await setStorageFault(lab.lab.dir, lab.lab.host.real('/u01/g.dbf'), undefined)
    expect(file().blocks).toBe(blocks)
    await fill(10)
    await lab.sql(`alter database datafile ${file().file} autoextend off`)
    expect(await codesOf(fill(100))).toEqual(['ORA-01653'])
    expect(await codesOf(lab.sql(`alter database datafile ${file().file} autoextend on maxsize 64K`))).toEqual(['ORA-03206'])
    expect(await lab.sql("select autoextensible from dba_data_files where tablespace_name = 'G'")).toEqual([['NO']])
  })

  it('is as long after a crash as it was before', async () => {
    await growing('autoextend on next 64K')
    await fill(300)
    const { blocks } = file()
    await db.shutdown('abort')
    db = await lab.lab.open()
    expect(file().blocks).toBe(blocks)
    expect(await count()).toBe('300')
    await fill(100)
    await db.checkpoint()
    await checked(lab.lab.host.real('/u01/g.dbf'), db.currentScn, file().blocks)
  })
})

describe('a growth', () => {
  it('that is in the redo and not yet in the header is repeated after a crash', async () => {
    await growing('')
    await db.checkpoint()
    const name = lab.lab.host.real('/u01/g.dbf')
    const before = await Datafile.open(name, 'r')
    await before?.close()
    await lab.sql(`alter database datafile ${file().file} resize 1M`)
    await db.shutdown('abort')
    // The last write before the crash did not come.
    const crashed = await Datafile.open(name, 'r+')
    await crashed?.writeHeader(before?.header ?? crashed.header)
    await crashed?.close()
    db = await lab.lab.open()
    await db.checkpoint()
    await checked(name, db.currentScn, 128)
  })
})

describe('copies of a datafile that grows', () => {
  it.each([['with', true], ['without', false]])('are merged to its new length, %s change tracking', async (_word, tracking) => {
    if (tracking) await lab.sql("alter database enable block change tracking using file '/u01/change.bct'")
    await growing('autoextend on next 64K')
    await lab.backup()
    const copy = () => db.controlFile.datafileCopies.find((c) => c.file === file().file && !c.deleted)
    for (const rows of [150, 200, 40]) {
      await fill(rows)
      await lab.backup()
      await checked(copy()?.name ?? '', copy()?.checkpointScn ?? 0n, file().blocks)
      expect(copy()?.blocks).toBe(file().blocks)
    }
    expect(file().blocks).toBeGreaterThan(150)
  })

  it('are recovered over its growth, to before and behind it, and it goes on growing there', async () => {
    await growing('autoextend on next 64K')
    await fill(20)
    await lab.backup()
    const before = await lab.point()
    await fill(200)
    const after = await lab.point()
    for (const [goal, rows] of [[before, '20'], [after, '220']] as const) {
      const { copy } = await lab.restored()
      expect(codesIn(await lab.rman(`RECOVER DATABASE UNTIL SCN ${String(goal + 1n)};\n`, copy))).toEqual([])
      const { name, blocks } = file(copy)
      await checked(name, goal, blocks)
      await copy.open({ mode: 'READ WRITE', resetlogs: true })
      expect(await count(copy)).toBe(rows)
      expect(file(copy).autoextend).toEqual({ next: 8, max: 4_194_302 })
      await copy.insertRows('SYS', 'GROWING', Array.from({ length: 30 }, () => [row]))
      expect(await count(copy)).toBe(String(Number(rows) + 30))
      await copy.shutdown('immediate')
    }
  })

  it('are recovered with a control file that knows it longer than redo makes it', async () => {
    await growing('')
    await fill(20)
    await lab.backup()
    const goal = await lab.point()
    await lab.sql(`alter database datafile ${file().file} resize 2M`)
    await fill(200)
    await lab.point()
    // Newer than the copies, whose file is shorter.
    await lab.rman(`RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK;\nBACKUP CURRENT CONTROLFILE FORMAT '${lab.area}/after.cf' REUSE TAG 'later';\n}\n`)
    const { copy } = await lab.restored()
    expect(codesIn(await lab.rman(`RECOVER DATABASE UNTIL SCN ${String(goal + 1n)};\n`, copy))).toEqual([])
    await checked(file(copy).name, goal, 64)
    await copy.open({ mode: 'READ ONLY' })
    expect(await count(copy)).toBe('20')
    expect(await lab.sql("select bytes from v$datafile where name like '%TS-G_%'", copy)).toEqual([[String(512 * K)]])
  })

  it('are whole where their sections were planned before it grew', async () => {
    await growing('')
    const ranges = sectionsOf(db, file(), String(128 * K), 'copy') ?? []
    expect(ranges.length).toBeGreaterThan(2)
    await lab.sql(`alter database datafile ${file().file} resize 1M`)
    await fill(200)
    const name = `${lab.area}/planned.dbf`
    const copy = await db.beginImageCopy(file().file, name)
    for (const range of ranges) await copy.write(range, session(db))
    const { checkpointScn } = await copy.finish({ tag: null, level0: false })
    await copy.close()
    await checked(name, checkpointScn, 128)
  })

  it('are whole when it grows while they are made, in sections too', async () => {
    await growing('autoextend on next 64K')
    await fill(100)
    await db.setParameter('_lab_backup_rate', '4000000', 'memory')
    const making = lab.rman(`RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${lab.area}/%U';\nALLOCATE CHANNEL c2 DEVICE TYPE DISK FORMAT '${lab.area}/%U';\nBACKUP AS COPY SECTION SIZE 128K DATAFILE ${file().file} TAG 'sections';\n}\n`)
    await fill(300)
    expect(codesIn(await making)).toEqual([])
    await db.setParameter('_lab_backup_rate', '0', 'memory')
    const made = db.controlFile.datafileCopies.find((c) => c.tag === 'SECTIONS')
    expect(made?.blocks).toBeLessThanOrEqual(file().blocks)
    await lab.rman(`RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${lab.area}/%U';\nBACKUP AS COPY DATABASE TAG 'all';\nBACKUP CURRENT CONTROLFILE FORMAT '${lab.area}/after.cf' REUSE;\n}\n`)
    const goal = await lab.point()
    await lab.point()
    const { copy, area } = await lab.restored()
    // Of this file the copy that was made in sections.
    const name = file(copy).name
    await rm(name)
    await cp(path.join(area, path.basename(made?.name ?? '')), name)
    expect(codesIn(await lab.rman(`RECOVER DATABASE UNTIL SCN ${String(goal + 1n)};\n`, copy))).toEqual([])
    await checked(name, goal, file().blocks)
  })
})
