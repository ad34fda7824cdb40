import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkHistory } from '../../src/cli/history-check.ts'
import { flipBlock } from '../../src/cli/flip-block.ts'
import type { LabInstance } from '../../src/engine/instance.ts'
import { type BackedUpLab, backedUpLab } from '../support/backed-up-lab.ts'
import { codesIn, rmanOn } from '../support/rman.ts'

// Full, level 0 and level 1 backup sets, sets of archived logs and copies of the control file: written out of blocks, read back into a database.

let lab: BackedUpLab
let sets: string
beforeAll(async () => {
  lab = await backedUpLab()
  sets = path.join(lab.lab.dir, 'sets')
  await mkdir(sets)
  // Not all files have blocks of one size.
  await lab.sql("alter system set db_16k_cache_size = 16m scope=both sid='*'")
  await lab.sql('create tablespace wide datafile size 1m blocksize 16K')
  await lab.sql('create table broad (n number, v varchar2(4000)) tablespace wide')
  await lab.db.insertRows('SYS', 'BROAD', Array.from({ length: 20 }, (_, n) => [n, 'x'.repeat(1500)]))
  await lab.rman(`CONFIGURE DEVICE TYPE DISK PARALLELISM 2;\nCONFIGURE CHANNEL DEVICE TYPE DISK FORMAT '${sets}/%U';\n`)
}, 60_000)
afterAll(async () => { await lab.remove() })

/** An instance of its own with a control file out of the backups, mounted; the files of production are not there. */
async function mounted(name: string, controlfile: string): Promise<LabInstance> {
  const home = path.join(lab.lab.dir, name)
  await mkdir(home)
  const copy = lab.lab.instanceWith(lab.lab.sandbox, name, {
    db_name: 'orcl', db_unique_name: name, control_files: `${home}/restore.cf`, db_create_file_dest: home, diagnostic_dest: home, audit_file_dest: `${home}/audit`, undo_tablespace: 'UNDOTBS1', db_16k_cache_size: '16M', log_archive_dest_1: `LOCATION=${home}/`,
  })
  await copy.restoreControlFile(controlfile)
  await copy.mount()
  return copy
}

const differences = async (copy: LabInstance, scn: bigint): Promise<unknown[]> => (await Promise.all(copy.controlFile.datafiles.map(async ({ name }) => (await checkHistory(name, lab.lab.dir, scn)).differences))).flat()

describe('backup sets', () => {
  it('of level 0 and 1 and of archived logs give a database back, block by block', async () => {
    await lab.work(30)
    const level0 = await lab.rman("BACKUP INCREMENTAL LEVEL 0 DATABASE TAG 'zero';\n")
    expect(level0).toMatch(/channel ORA_DISK_1: starting incremental level 0 datafile backup set\nchannel ORA_DISK_1: specifying datafile\(s\) in backup set\ninput datafile file number=00001 name=/)
    expect(level0).toContain('including current control file in backup set\nincluding current SPFILE in backup set')
    await lab.work(10)
    expect(await lab.rman("BACKUP INCREMENTAL LEVEL 1 DATABASE TAG 'one';\n")).not.toContain('no parent backup')
    const target = await lab.point()
    await lab.rman(`BACKUP ARCHIVELOG ALL TAG 'redo' DELETE INPUT;\nBACKUP CURRENT CONTROLFILE FORMAT '${sets}/control.cf' TAG 'meta';\n`)
    expect(await lab.sql("select incremental_level, backup_type, count(*) from v$backup_set group by incremental_level, backup_type order by 2, 1 nulls last")).toEqual([[null, 'D', '3'], ['0', 'I', '2'], ['1', 'I', '2'], [null, 'L', expect.any(String)]])
    // The file that was read is gone, the one at the other destination is not.
    expect((await lab.sql("select deleted, count(*) from v$archived_log group by deleted order by 1")).map(([deleted]) => deleted)).toEqual(['NO', 'YES'])
    const copy = await mounted('back', `${sets}/control.cf`)
    const output = await rmanOn(copy, `CHANGE ARCHIVELOG ALL UNCATALOG;\nRUN { SET NEWNAME FOR DATABASE TO NEW; SET UNTIL SCN ${String(target + 1n)}; RESTORE DATABASE; SWITCH DATAFILE ALL; RECOVER DATABASE; }\n`)
    expect(codesIn(output)).toEqual([])
    expect(output).toMatch(/channel ORA_DISK_\d: restoring datafile 0000\d to \S+\nchannel ORA_DISK_\d: reading from backup piece \S+/)
    expect(output).toMatch(/starting incremental datafile backup set restore\nchannel ORA_DISK_\d: specifying datafile\(s\) to restore from backup set\ndestination for restore of datafile 0000\d: /)
    expect(output).toMatch(/starting archived log restore to default destination\nchannel ORA_DISK_\d: restoring archived log\narchived log thread=1 sequence=\d+/)
    expect(await differences(copy, target)).toEqual([])
    await copy.open({ mode: 'READ ONLY' })
    expect(Number((await lab.sql('select count from demo.heartbeat', copy))[0]?.[0])).toBeGreaterThan(0)
    expect(await lab.sql('select count(*) from broad', copy)).toEqual([['20']])
    await copy.shutdown('immediate')
  }, 60_000)

  it('leave blocks out that were never used, and know their parents', async () => {
    const output = await lab.rman("BACKUP DATABASE TAG 'full';\n")
    expect(output).toContain('starting full datafile backup set')
    const [[written, whole] = []] = await lab.sql("select sum(d.blocks), sum(d.datafile_blocks) from v$backup_datafile d where d.incremental_level is null")
    expect(Number(written)).toBeGreaterThan(0)
    expect(Number(written)).toBeLessThan(Number(whole))
    await lab.sql('create tablespace young datafile size 1M')
    const level1 = await lab.rman("BACKUP INCREMENTAL LEVEL 1 DATABASE TAG 'two';\n")
    // A full backup is no parent; only the new file has none of level 0.
    expect(level1.match(/no parent backup or copy of datafile (\d+) found/g)).toEqual(['no parent backup or copy of datafile 6 found'])
    expect(level1).toContain('starting incremental level 0 datafile backup set')
    await lab.sql('drop tablespace young including contents and datafiles')
  }, 60_000)

  it('are cataloged by their headers, with what is in them', async () => {
    await lab.rman(`BACKUP AS COPY CURRENT CONTROLFILE FORMAT '${sets}/copy.ctl' REUSE;\n`)
    const before = await lab.rman('LIST BACKUP SUMMARY;\n')
    await lab.rman('CHANGE BACKUP UNCATALOG;\n')
    expect(await lab.rman('LIST BACKUP;\n')).toContain('specification does not match any backup in the repository')
    await lab.rman(`CATALOG START WITH '${sets}/' NOPROMPT;\n`)
    const rows = (text: string): string[] => [...text.matchAll(/^\d+ +([ABF0-9 ]{4})/gm)].map((row) => row[1] ?? '').sort()
    expect(rows(await lab.rman('LIST BACKUP SUMMARY;\n'))).toEqual(rows(before))
    expect(await lab.rman('RESTORE DATABASE VALIDATE;\n')).toMatch(/starting validation of datafile backup set\n[^]*restored backup piece 1\n/)
  }, 60_000)

  it('are listed, checked, deleted and found obsolete', async () => {
    const list = await lab.rman('LIST BACKUP OF DATABASE;\nLIST BACKUP OF ARCHIVELOG ALL;\nLIST COPY OF CONTROLFILE;\n')
    expect(list).toMatch(/BS Key {2}Type LV Size {7}Device Type[^]*\d+ +Incr 0 +[\d.]+[KM] +DISK[^]*List of Datafiles in backup set \d+\n {2}File LV Type Ckp SCN/)
    expect(list).toMatch(/List of Archived Logs in backup set \d+\n {2}Thrd Seq/)
    expect(list).toMatch(/List of Control File Copies\n[^]*Name: \S+copy\.ctl/)
    const [[gone] = []] = await lab.sql("select p.handle from v$backup_piece p join v$backup_set s on s.set_stamp = p.set_stamp and s.set_count = p.set_count where p.tag = 'FULL' and p.deleted = 'NO' and s.controlfile_included = 'NO' order by 1")
    await rm(gone ?? '')
    expect(await lab.rman('CROSSCHECK BACKUP OF DATABASE;\n')).toContain(`crosschecked backup piece: found to be 'EXPIRED'\nbackup piece handle=${gone ?? ''} `)
    expect(await lab.rman('DELETE NOPROMPT EXPIRED BACKUP;\n')).toContain('Deleted 1 EXPIRED objects')
    const report = await lab.rman('CONFIGURE RETENTION POLICY TO REDUNDANCY 1;\nBACKUP INCREMENTAL LEVEL 0 DATABASE;\nREPORT OBSOLETE;\n')
    expect(report).toMatch(/Report of obsolete backups and copies[^]*Backup Set +\d+/)
    expect(await lab.rman('DELETE NOPROMPT OBSOLETE;\n')).toMatch(/Deleted \d+ objects/)
    expect(await lab.rman('RESTORE DATABASE PREVIEW;\n')).toMatch(/List of Backup Sets[^]*Media recovery start SCN is \d+/)
    expect(await lab.rman('REPORT OBSOLETE;\nREPORT NEED BACKUP;\n')).toMatch(/no obsolete backups found[^]*---- ----- -+\n\s*RMAN> /)
  }, 60_000)

  it('of archived logs are restored to the first destination, and not made twice when that is not wanted', async () => {
    await lab.point()
    const first = await lab.rman('BACKUP ARCHIVELOG ALL;\n')
    expect(first).toContain('current log archived')
    const again = await lab.rman('BACKUP ARCHIVELOG ALL NOT BACKED UP 1 TIMES;\n')
    expect(again).toMatch(/skipping archived logs of thread 1 from sequence \d+ to \d+; already backed up/)
    const optimized = await lab.rman('CONFIGURE BACKUP OPTIMIZATION ON;\nBACKUP ARCHIVELOG ALL;\nCONFIGURE BACKUP OPTIMIZATION OFF;\n')
    expect(optimized).toMatch(/skipping archived logs of thread 1 /)
    const sequence = Math.max(...lab.db.controlFile.backupRedologs.map((log) => log.sequence))
    await lab.rman('BACKUP ARCHIVELOG ALL DELETE ALL INPUT;\n')
    expect(await lab.sql(`select name from v$archived_log where sequence# = ${String(sequence)} and deleted = 'NO' and standby_dest = 'NO'`)).toEqual([])
    expect(await lab.rman('RESTORE ARCHIVELOG ALL VALIDATE;\n')).toMatch(/starting validation of archived log backup set\n[^]*restored backup piece 1\n/)
    const restored = await lab.rman(`RESTORE ARCHIVELOG SEQUENCE ${String(sequence)};\nRESTORE ARCHIVELOG SEQUENCE ${String(sequence)};\n`)
    expect(restored).toMatch(/restoring archived log\narchived log thread=1 sequence=\d+\n[^]*is already on disk as file \S+\nrestore not done;/)
    const [[name] = []] = await lab.sql(`select name from v$archived_log where sequence# = ${String(sequence)} and deleted = 'NO'`)
    expect((await lab.db.validateArchivedLog(name ?? '')).corruptBlock).toBeNull()
    expect(codesIn(await lab.rman('RESTORE ARCHIVELOG SEQUENCE 4711;\n'))).toEqual(['RMAN-06026'])
  }, 60_000)

  it('are made of logs and datafiles together', async () => {
    const output = await lab.rman('BACKUP DATABASE PLUS ARCHIVELOG DELETE INPUT;\n')
    expect(output.match(/^Starting backup at/gm)).toHaveLength(3)
    expect(output.match(/current log archived/g)).toHaveLength(2)
    expect(output).toMatch(/deleting archived log\(s\)\narchived log file name=\S+ RECID=\d+ STAMP=\d+/)
  }, 60_000)
})

describe('copies of the control file', () => {
  it('are made, and bring back a control file that mounts', async () => {
    const output = await lab.rman(`BACKUP AS COPY CURRENT CONTROLFILE FORMAT '${sets}/second.ctl';\nVALIDATE CURRENT CONTROLFILE;\n`)
    expect(output).toMatch(/copying current control file\noutput file name=\S+second\.ctl tag=TAG\w+ RECID=\d+ STAMP=\d+/)
    expect(output).toMatch(/Control File OK +0 +\d+/)
    expect(await lab.sql("select file#, status from v$datafile_copy where name like '%second.ctl'")).toEqual([['0', 'A']])
    expect(codesIn(await lab.rman(`BACKUP AS COPY CURRENT CONTROLFILE FORMAT '${sets}/second.ctl';\n`))).toEqual(['ORA-19504', 'ORA-27040'])
    const copy = await mounted('third', `${sets}/second.ctl`)
    expect(copy.controlFile.type).toBe('BACKUP')
    await copy.shutdown('immediate')
    // TO a name, while the database is open: out of the newest backup, or out of a named one.
    expect(await lab.rman(`RESTORE CONTROLFILE TO '${sets}/named.ctl';\nRESTORE CONTROLFILE TO '${sets}/other.ctl' FROM '${sets}/second.ctl';\n`)).toMatch(/output file name=\S+named\.ctl\n[^]*output file name=\S+other\.ctl\n/)
    expect((await lab.db.identifyFile(`${sets}/named.ctl`)).kind).toBe('control-file')
    expect(codesIn(await lab.rman('RESTORE CONTROLFILE;\n'))).toEqual(['RMAN-06496'])
    expect(await lab.rman(`DELETE NOPROMPT CONTROLFILECOPY '${sets}/second.ctl';\n`)).toMatch(/deleted control file copy\ncontrol file copy file name=\S+second\.ctl/)
  }, 60_000)
})

describe('VALIDATE', () => {
  it('reads copies, logs, sets and SPFILE, and finds the damage in them', async () => {
    await lab.rman("BACKUP AS COPY DATAFILE 4 TAG 'checked';\nBACKUP DATAFILE 4 TAG 'checked';\n")
    await lab.point()
    const sound = await lab.rman("VALIDATE DATAFILECOPY TAG 'checked';\nVALIDATE ARCHIVELOG ALL;\nVALIDATE BACKUPSET TAG 'checked';\nVALIDATE SPFILE;\nVALIDATE TABLESPACE users;\nBACKUP VALIDATE ARCHIVELOG ALL;\nVALIDATE COPY OF DATABASE TAG 'checked';\n")
    expect(codesIn(sound)).toEqual(['RMAN-06023'])
    expect(sound).toMatch(/including datafile copy of datafile 00004 in backup set\ninput file name=\S+\n[^]*List of Datafile Copies\n=+\nFile Status[^\n]*\n[^\n]*\n4 +OK /)
    expect(sound).toMatch(/Thrd Seq {5}Status Blocks Failing Blocks Examined Name\n[^\n]*\n1 +\d+ +OK +0 +\d+ +\//)
    expect(sound).toMatch(/starting validation of datafile backup set\n[^]*restored backup piece 1\n/)
    expect(sound).toMatch(/SPFILE +OK/)
    const [[copyFile4] = []] = await lab.sql("select name from v$datafile_copy where tag = 'CHECKED' and deleted = 'NO'")
    const [[piece] = []] = await lab.sql("select handle from v$backup_piece where tag = 'CHECKED' and deleted = 'NO'")
    const logs = await lab.sql("select name from v$archived_log where deleted = 'NO' and standby_dest = 'NO' and sequence# = (select max(sequence#) from v$archived_log)")
    await flipBlock(copyFile4 ?? '', { seed: 3, labDir: undefined })
    for (const [log] of logs) await flipBlock(lab.lab.host.real(log ?? ''), { seed: 3, labDir: undefined })
    const bytes = await readFile(piece ?? '')
    bytes[9000] = (bytes[9000] ?? 0) ^ 0xff
    await writeFile(piece ?? '', bytes)
    expect(await lab.rman("VALIDATE DATAFILECOPY TAG 'checked';\n")).toMatch(/4 +FAILED [^]*validate found one or more corrupt blocks/)
    expect(await lab.rman('VALIDATE ARCHIVELOG ALL;\n')).toMatch(/1 +\d+ +FAILED 1 [^]*validate found one or more corrupt blocks/)
    expect(codesIn(await lab.rman('RESTORE ARCHIVELOG ALL VALIDATE;\n'))).toEqual(['ORA-00354', 'ORA-00353', 'ORA-00334'])
    expect(codesIn(await lab.rman("VALIDATE BACKUPSET TAG 'checked';\n"))).toEqual(['ORA-19870', 'ORA-19599'])
    await lab.rman(`DELETE NOPROMPT FORCE ARCHIVELOG ALL;\nDELETE NOPROMPT BACKUPSET TAG 'checked';\nDELETE NOPROMPT DATAFILECOPY TAG 'checked';\n`)
  }, 60_000)
})

describe('a lost datafile', () => {
  it('comes back to its place out of a set, and a piece that is gone or damaged is named', async () => {
    await lab.rman("BACKUP DATAFILE 4 TAG 'users';\n")
    const target = await lab.point()
    await lab.rman(`BACKUP CURRENT CONTROLFILE FORMAT '${sets}/late.cf' REUSE TAG 'meta';\nBACKUP ARCHIVELOG ALL;\n`)
    const copy = await mounted('lost', `${sets}/late.cf`)
    const [[piece = ''] = []] = await lab.sql("select handle from v$backup_piece where tag = 'USERS' and deleted = 'NO'")
    await copyFile(piece ?? '', `${sets}/kept`)
    const restore = `RUN { SET NEWNAME FOR DATAFILE 4 TO '${sets}/users.dbf'; RESTORE DATAFILE 4; }\n`
    const bytes = await readFile(`${sets}/kept`)
    bytes[9000] = (bytes[9000] ?? 0) ^ 0xff
    await writeFile(piece ?? '', bytes)
    expect(codesIn(await rmanOn(copy, restore))).toEqual(['ORA-19870', 'ORA-19599'])
    await rm(piece ?? '')
    expect(codesIn(await rmanOn(copy, restore))).toEqual(['ORA-19870', 'ORA-19505', 'ORA-27037'])
    await copyFile(`${sets}/kept`, piece ?? '')
    expect(codesIn(await rmanOn(copy, `${restore}SWITCH DATAFILE 4 TO COPY;\n`))).toEqual([])
    expect((await checkHistory(`${sets}/users.dbf`, lab.lab.dir, target)).blocks).toBeGreaterThan(100)
    await copy.shutdown('immediate')
  }, 60_000)
})
