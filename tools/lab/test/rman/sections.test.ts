import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setStorageFault } from '../../src/cli/fault/storage.ts'
import { checkHistory } from '../../src/cli/history-check.ts'
import { pause } from '../../src/engine/mutex.ts'
import { bytesBelow } from '../../src/storage/io-faults.ts'
import { type BackedUpLab, backedUpLab } from '../support/backed-up-lab.ts'
import { makeLab } from '../support/lab.ts'
import { codesIn, rmanOn } from '../support/rman.ts'

// SECTION SIZE: one file as several pieces, or one copy out of several ranges, made by several channels at the same time.

let lab: BackedUpLab
let area: string
beforeAll(async () => {
  lab = await backedUpLab()
  area = path.join(lab.lab.dir, 'sections')
  await mkdir(area)
  await lab.work(40)
}, 60_000)
afterAll(async () => { await lab.remove() })

const endless = new AbortController().signal
const run = (body: string): string => `RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${area}/%U';\nALLOCATE CHANNEL c2 DEVICE TYPE DISK FORMAT '${area}/%U';\n${body}\n}\n`

/** How many sessions at most did this operation at the same time on one file. */
async function together(opname: string, script: string): Promise<{ readonly most: number; readonly output: string }> {
  await lab.db.setParameter('_lab_backup_rate', '1000000', 'memory')
  const ended = new AbortController()
  const running = lab.rman(script).finally(() => { ended.abort() })
  let most = 0
  while (!ended.signal.aborted) {
    const rows = await lab.sql(`select sid, totalwork from v$session_longops where opname = '${opname}' and sofar > 0 and sofar < totalwork`)
    most = Math.max(most, new Set(rows.map(([sid]) => sid)).size)
    await pause(5, endless)
  }
  await lab.db.setParameter('_lab_backup_rate', '0', 'memory')
  return { most, output: await running }
}

describe('SECTION SIZE', () => {
  it('makes pieces of one file side by side, and they are a set', async () => {
    const { most, output } = await together('RMAN: full datafile backup', run("BACKUP SECTION SIZE 768K DATAFILE 4 TAG 'parts';"))
    expect(most).toBe(2)
    expect(output.match(/backing up blocks (\d+) through (\d+)/g)).toEqual(['backing up blocks 1 through 96', 'backing up blocks 97 through 192', 'backing up blocks 193 through 256'])
    expect(output).toMatch(/channel c2: starting full datafile backup set\nchannel c2: specifying datafile\(s\) in backup set\ninput datafile file number=00004 name=\S+\nbacking up blocks 97 through 192\nchannel c2: starting piece 2 at /)
    expect(await lab.sql("select s.pieces, s.multi_section, count(*) from v$backup_set s join v$backup_piece p on p.set_stamp = s.set_stamp and p.set_count = s.set_count where p.tag = 'PARTS' group by s.pieces, s.multi_section")).toEqual([['3', 'YES', '3']])
    expect(await lab.sql('select section_size from v$backup_datafile where section_size > 0')).toEqual([['96']])
  }, 60_000)

  it('gives a file back out of its sections, and not when one of them is gone', async () => {
    await lab.point()
    const target = await lab.point()
    await lab.rman(`BACKUP CURRENT CONTROLFILE FORMAT '${area}/control.cf' TAG 'meta';\n`)
    const home = path.join(lab.lab.dir, 'home')
    await mkdir(home)
    const copy = lab.lab.instanceWith(lab.lab.sandbox, 'parts', { db_name: 'orcl', db_unique_name: 'parts', control_files: `${home}/restore.cf`, db_create_file_dest: home, diagnostic_dest: home, audit_file_dest: `${home}/audit` })
    await copy.restoreControlFile(`${area}/control.cf`)
    await copy.mount()
    const restore = (name: string): string => `RUN { SET NEWNAME FOR DATAFILE 4 TO '${home}/${name}'; RESTORE DATAFILE 4; }\n`
    const output = await rmanOn(copy, restore('users.dbf'))
    expect(output).toMatch(/restoring datafile 00004 to \S+\nchannel ORA_DISK_1: restoring section 1 of 3\nchannel ORA_DISK_1: reading from backup piece \S+_1_1\nchannel ORA_DISK_1: restoring section 2 of 3\n/)
    // Recovered alone it cannot be, but what the backup saw is there: no block differs but those that were changed since.
    const { differences, blocks } = await checkHistory(`${home}/users.dbf`, lab.lab.dir, target)
    expect(blocks).toBe(255)
    expect(differences.length).toBeLessThan(20)
    const [[piece = ''] = []] = await lab.sql("select handle from v$backup_piece where tag = 'PARTS' and piece# = 2")
    await rm(piece ?? '')
    await rmanOn(copy, 'CROSSCHECK BACKUP;\n')
    // Without a whole set the file can only be made anew, for redo to fill.
    expect(await rmanOn(copy, `DELETE NOPROMPT DATAFILECOPY '${home}/users.dbf';\n${restore('again.dbf')}`)).toContain(`creating datafile file number=4 name=${home}/again.dbf`)
    await copy.shutdown('immediate')
  }, 60_000)

  it('writes ranges of one image copy side by side', async () => {
    const { most, output } = await together('RMAN: datafile copy', run("BACKUP AS COPY SECTION SIZE 768K DATAFILE 4 TAG 'ranges';"))
    expect(most).toBe(2)
    expect(output).toMatch(/channel c1: starting datafile copy\ninput datafile file number=00004 name=\S+\nbacking up blocks 1 through 96\n/)
    expect(output.match(/^output file name=/gm)).toHaveLength(1)
    const [[name = ''] = []] = await lab.sql("select name from v$datafile_copy where tag = 'RANGES'")
    expect((await checkHistory(name ?? '', lab.lab.dir, lab.db.currentScn)).differences).toEqual([])
  }, 60_000)

  it('refreshes copies by sections, level 0 and level 1, and merges them', async () => {
    const refresh = run("BACKUP SECTION SIZE 512K INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'daily' DATABASE TAG 'incr';\nRECOVER COPY OF DATABASE WITH TAG 'daily';")
    const first = await lab.rman(refresh)
    expect(first.match(/no parent backup or copy of datafile \d+ found/g)).toHaveLength(4)
    await lab.work(20)
    const second = await lab.rman(refresh)
    expect(codesIn(second)).toEqual([])
    expect(second.match(/^recovering datafile copy file number=/gm)).toHaveLength(4)
    const scn = lab.db.currentScn
    for (const [name] of await lab.sql("select name from v$datafile_copy where tag = 'DAILY' and deleted = 'NO'")) expect((await checkHistory(name ?? '', lab.lab.dir, scn)).differences).toEqual([])
    await lab.rman("DELETE NOPROMPT BACKUPSET TAG 'incr';\n")
  }, 60_000)

  it('leaves nothing of a set that was not finished', async () => {
    const before = (await readdir(area)).sort()
    const sets = lab.db.controlFile.backupSets.length
    await setStorageFault(lab.lab.dir, area, { capacity: (await bytesBelow(area)) + 20_000 })
    const output = await lab.rman(run("BACKUP SECTION SIZE 512K DATAFILE 4 TAG 'broken';"))
    await setStorageFault(lab.lab.dir, area, undefined)
    expect(codesIn(output)).toContain('ORA-19502')
    expect(lab.db.controlFile.backupSets).toHaveLength(sets)
    expect((await readdir(area)).sort()).toEqual(before)
  }, 60_000)

  it('is refused with MAXPIECESIZE, and before 12.1 for image copies', async () => {
    const limited = `RUN { ALLOCATE CHANNEL c1 DEVICE TYPE DISK MAXPIECESIZE 1M; BACKUP SECTION SIZE 512K DATAFILE 4; }\nCONFIGURE CHANNEL DEVICE TYPE DISK MAXPIECESIZE 1G;\nBACKUP SECTION SIZE 512K DATAFILE 4;\nCONFIGURE CHANNEL DEVICE TYPE DISK CLEAR;\n`
    expect((await lab.rman(limited)).match(/RMAN-06808: SECTION SIZE cannot be used when piece limit is in effect/g)).toHaveLength(2)
    const old = await makeLab({ release: '11.2.0.4.0' })
    try {
      const db = await old.open()
      expect(codesIn(await rmanOn(db, `RUN { ALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${area}/%U'; BACKUP AS COPY SECTION SIZE 512K DATAFILE 4; }\n`))).toEqual(['RMAN-06580'])
      // Its increments have sections, its copies have none.
      const refresh = `RUN { ALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${area}/%U'; BACKUP SECTION SIZE 512K INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'old' DATAFILE 4; }\n`
      expect(await rmanOn(db, refresh)).not.toContain('backing up blocks')
      expect(await rmanOn(db, refresh)).toContain('backing up blocks 65 through 128')
    } finally {
      await old.remove()
    }
  }, 60_000)
})
