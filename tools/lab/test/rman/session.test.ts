import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rmanError } from '../../src/engine/ora-error.ts'
import { fakeInstance } from './fake-instance.ts'
import type { FakeInstance } from './fake-instance.ts'
import { runScript } from './run-script.ts'

let directory: string
let db: FakeInstance
const connected = 'set echo on;\nconnect target /@orcl\n'

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'lab-rman-'))
  db = await fakeInstance({ directory })
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const refresh = (): string => `run {
allocate channel c1 device type disk format '${db.backup}/%U';
allocate channel c2 device type disk format '${db.backup}/%U';
backup incremental level 1 for recover of copy with tag 'image_copy_backup' database tag 'image_copy_incr';
recover copy of database with tag 'image_copy_backup';
}
`

describe('an RMAN session', () => {
  it('greets, echoes, masks the connect string and ends as RMAN does', async () => {
    const { code, output } = await runScript(db, `${connected}exit;\n`)
    expect(code).toBe(0)
    expect(output.split('\n').slice(1)).toEqual([
      'Recovery Manager: Release 12.1.0.2.0 - Production on Tue Nov 8 21:53:37 2016',
      '',
      expect.stringMatching(/^Copyright \(c\) /),
      '',
      'RMAN> ',
      'echo set on',
      '',
      'RMAN> connect target *',
      'connected to target database: ORCL (DBID=1433672784)',
      '',
      'RMAN> exit;',
      '',
      '',
      'Recovery Manager complete.',
      '',
    ])
  })

  it('makes copies first, merges increments afterwards', async () => {
    const first = await runScript(db, `${connected}${refresh()}`)
    expect(first.code).toBe(0)
    expect(first.output.match(/no parent backup or copy of datafile \d+ found/g)).toHaveLength(4)
    expect(first.output.match(/no copy of datafile \d+ found to recover/g)).toHaveLength(4)
    expect(db.controlFile.datafileCopies.map((copy) => [copy.file, copy.tag, copy.status])).toEqual(expect.arrayContaining([[1, 'IMAGE_COPY_BACKUP', 'A'], [4, 'IMAGE_COPY_BACKUP', 'A']]))
    const before = Math.min(...db.controlFile.datafileCopies.map((copy) => Number(copy.checkpointScn)))
    const second = await runScript(db, `${connected}${refresh()}`)
    expect(second.code).toBe(0)
    expect(second.output).not.toContain('no parent backup')
    expect(second.output.match(/^recovering datafile copy file number=0000\d name=/gm)).toHaveLength(4)
    expect(second.output.match(/^piece handle=\S+ tag=IMAGE_COPY_INCR comment=NONE$/gm)).toHaveLength(2)
    const live = db.controlFile.datafileCopies.filter((copy) => !copy.deleted)
    expect(live).toHaveLength(4)
    expect(Math.min(...live.map((copy) => Number(copy.checkpointScn)))).toBeGreaterThan(before)
    expect(db.sessions.size).toBe(0)
  })

  it('lets channels work side by side and tags their sessions with the command id', async () => {
    await runScript(db, `${connected}${refresh()}`)
    let working = 0
    let most = 0
    const infos = new Set<string | null>()
    let release: () => void = () => undefined
    const both = new Promise<void>((resolve) => {
      release = resolve
    })
    db.onWork = async (channel) => {
      infos.add(channel.clientInfo)
      working++
      most = Math.max(most, working)
      if (working === 2) release()
      await both
      working--
    }
    const { code } = await runScript(db, `${connected}SET COMMAND ID TO 'run-7';\n${refresh()}`)
    expect(code).toBe(0)
    expect(most).toBe(2)
    expect([...infos].sort()).toEqual(['id=run-7,rman channel=c1', 'id=run-7,rman channel=c2'])
  })

  it('skips files that cannot have changed', async () => {
    await runScript(db, `${connected}${refresh()}`)
    const users = db.controlFile.datafiles[3]!
    users.enabled = 'READ ONLY'
    users.stopScn = 1500n
    const { output } = await runScript(db, `${connected}${refresh()}`)
    expect(output).toContain('skipping datafile 00004 because it has not changed')
    expect(output).toContain('no copy of datafile 4 found to recover')
    expect(output).not.toContain('recovering datafile copy file number=00004')
  })

  it('goes on from an increment that was never merged, and merges both', async () => {
    await runScript(db, `${connected}${refresh()}`)
    const backup = `run { allocate channel c1 device type disk format '${db.backup}/%U'; backup incremental level 1 for recover of copy with tag 'image_copy_backup' database tag 'image_copy_incr'; }\n`
    await runScript(db, `${connected}${backup}${backup}`)
    const [older, newer] = db.controlFile.backupDatafiles.filter((record) => record.file === 1)
    expect(newer?.incrementalScn).toBe(older?.checkpointScn)
    const { output, code } = await runScript(db, `${connected}recover copy of database with tag 'image_copy_backup';\n`)
    expect(code).toBe(0)
    expect(output.match(/reading from backup piece/g)).toHaveLength(2)
    expect(db.controlFile.datafileCopies.find((copy) => copy.file === 1 && !copy.deleted)?.checkpointScn).toBe(newer?.checkpointScn)
  })

  it('does not merge an increment that begins above the copy', async () => {
    await runScript(db, `${connected}${refresh()}${refresh()}`)
    for (const copy of db.controlFile.datafileCopies) copy.checkpointScn = 10n
    const { output } = await runScript(db, `${connected}recover copy of database with tag 'image_copy_backup';\n`)
    expect(output.match(/no copy of datafile \d+ found to recover/g)).toHaveLength(4)
  })

  it('deletes the increments by their tag and nothing else', async () => {
    await runScript(db, `${connected}${refresh()}${refresh()}`)
    const { output, code } = await runScript(db, `${connected}run { allocate channel c1 device type disk; delete noprompt backupset tag 'image_copy_incr'; }\n`)
    expect(code).toBe(0)
    expect(output).toMatch(/List of Backup Pieces\nBP Key {2}BS Key {2}Pc# Cp# Status {6}Device Type Piece Name\n/)
    expect(output).toMatch(/deleted backup piece\nbackup piece handle=\S+ RECID=\d+ STAMP=\d+\n/)
    expect(output).toContain('Deleted 2 objects')
    const again = await runScript(db, `${connected}delete noprompt backupset tag 'image_copy_incr';\n`)
    expect(again.code).toBe(0)
    expect(again.output).toContain('specification does not match any backup in the repository')
  })

  it('names a channel that failed, releases what RUN allocated and goes on with the script', async () => {
    db.onWork = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }))
    const { code, output } = await runScript(db, `${connected}run {\nallocate channel c1 device type disk format '${db.backup}/%U';\nbackup as copy datafile 1;\nshow all;\n}\nshow backup optimization;\n`)
    expect(code).toBe(1)
    expect(output).toMatch(/released channel: c1\nRMAN-00571: =+\nRMAN-00569: =+ ERROR MESSAGE STACK FOLLOWS =+\nRMAN-00571: =+\nRMAN-03009: failure of backup command on c1 channel at 11\/08\/2016 21:53:\d\d\nORA-19502: .*\nORA-27072: File I\/O error\nLinux-x86_64 Error: 28: No space left on device/)
    expect(output).not.toContain('CONFIGURE RETENTION')
    expect(output).toContain('CONFIGURE BACKUP OPTIMIZATION OFF; # default')
  })

  it('puts RMAN-03002 above the errors of commands, and stops a command file at the first', async () => {
    const script = `connect target /\nrestore datafile 99;\nshow all;\n`
    const piped = await runScript(db, script)
    expect(piped.code).toBe(1)
    expect(piped.output).toMatch(/RMAN-03002: failure of restore command at 11\/08\/2016 21:53:\d\d\nRMAN-20201: /)
    expect(piped.output).toContain('# default')
    const file = await runScript(db, script, { cmdfile: true })
    expect(file.code).toBe(1)
    expect(file.output).not.toContain('# default')
  })

  it('refuses what it cannot parse with line and column, drops that line and goes on', async () => {
    const { code, output } = await runScript(db, `connect target /\nrun {\nbackup databas;\nshow all;\n`)
    expect(code).toBe(1)
    expect(output).toMatch(/RMAN-00558: error encountered while parsing input commands\nRMAN-01009: syntax error: found "identifier": .*\nRMAN-01008: the bad identifier was: databas\nRMAN-01007: at line 2 column 8 file: standard input/)
    expect(output).toContain('# default')
  })

  it('says why it cannot connect', async () => {
    const { code, output } = await runScript(db, 'connect target /@nowhere\nshow all;\n')
    expect(code).toBe(1)
    expect(output).toContain('RMAN-04005: error from target database: \nORA-12154: ')
    expect(output).toContain('RMAN-06171: not connected to target database')
    expect(output).not.toContain('nowhere')
  })

  it('asks before it deletes, and takes the answer from the input', async () => {
    const log = await db.addLog(7)
    const no = await runScript(db, `${connected}delete archivelog all;\nNO\n`)
    expect(no.output).toContain('Do you really want to delete the above objects (enter YES or NO)? NO')
    expect(await db.fileExists(log)).toBe(true)
    await runScript(db, `${connected}delete archivelog all;\nYES\n`)
    expect(await db.fileExists(log)).toBe(false)
    expect(db.controlFile.archivedLogs[0]).toMatchObject({ name: null, deleted: true, status: 'D' })
  })

  it('reports files that are gone as mismatched, and deletes their records with FORCE', async () => {
    await db.addLog(7, { missing: true })
    await db.addLog(8)
    const { output, code } = await runScript(db, `${connected}delete noprompt archivelog until sequence 8 thread 1;\n`)
    expect(code).toBe(0)
    expect(output).toContain('RMAN-06207: WARNING: 1 objects could not be deleted for DISK channel(s) due')
    expect(output).toMatch(/RMAN-06214: Archivelog {6}\S*1_7_905892048.dbf/)
    expect(output).toContain('Deleted 1 objects')
    const forced = await runScript(db, `${connected}delete noprompt force archivelog all;\n`)
    expect(forced.output).toContain('Deleted 1 objects')
  })

  it('expires what CROSSCHECK does not find', async () => {
    await db.addLog(7, { missing: true })
    await db.addLog(8)
    const { output } = await runScript(db, `${connected}crosscheck archivelog all;\ndelete noprompt expired archivelog all;\n`)
    expect(output).toMatch(/validation failed for archived log\narchived log file name=\S+1_7_\S+ RECID=1 STAMP=927409901/)
    expect(output).toContain('Crosschecked 2 objects')
    expect(output).toContain('Deleted 1 EXPIRED objects')
  })

  it('keeps settings in the control file and shows old and new', async () => {
    const { output } = await runScript(db, `${connected}configure device type disk parallelism 4;\nconfigure device type disk parallelism 2;\nconfigure snapshot controlfile name to '${db.backup}/snapcf.f';\nconfigure device type disk clear;\nshow all;\n`)
    expect(output).toContain('old RMAN configuration parameters:\nCONFIGURE DEVICE TYPE DISK PARALLELISM 4 BACKUP TYPE TO BACKUPSET;\nnew RMAN configuration parameters:\nCONFIGURE DEVICE TYPE DISK PARALLELISM 2 BACKUP TYPE TO BACKUPSET;\nnew RMAN configuration parameters are successfully stored\n')
    expect(output).toContain('RMAN configuration parameters are successfully reset to default value')
    expect(output).toContain('CONFIGURE DEVICE TYPE DISK PARALLELISM 1 BACKUP TYPE TO BACKUPSET; # default')
    expect(output).toContain(`CONFIGURE SNAPSHOT CONTROLFILE NAME TO '${db.backup}/snapcf.f';`)
    expect(db.controlFile.rmanConfiguration).toEqual([])
  })

  it('backs the control file up by itself once after a series of backups', async () => {
    const script = `${connected}configure controlfile autobackup on;\nconfigure controlfile autobackup format for device type disk to '${db.backup}/%F';\nconfigure snapshot controlfile name to '${db.backup}/snapcf.f';
run {\nallocate channel c1 device type disk format '${db.backup}/%U';\nbackup spfile tag 'x';\nbackup current controlfile format '${db.backup}/after.cf' tag 'x';\nshow backup optimization;\n}\n`
    const first = await runScript(db, script)
    expect(first.output.match(/^Starting Control File and SPFILE Autobackup at /gm)).toHaveLength(1)
    expect(first.output).toContain(`piece handle=${db.backup}/c-1433672784-20161108-00 comment=NONE`)
    const second = await runScript(db, script)
    expect(second.code).toBe(1)
    expect(second.output).toContain(`ORA-19504: failed to create file "${db.backup}/after.cf"`)
    const reuse = await runScript(db, `${connected}run { allocate channel c1 device type disk; backup current controlfile format '${db.backup}/after.cf' reuse tag 'x'; }\n`)
    expect(reuse.code).toBe(0)
    expect(reuse.output).toContain(`piece handle=${db.backup}/c-1433672784-20161108-01 comment=NONE`)
  })

  it('fails when the autobackup at the end of a RUN fails', async () => {
    const { code, output } = await runScript(db, `${connected}configure controlfile autobackup on;\nconfigure controlfile autobackup format for device type disk to '${db.backup}/none/%F';\nrun {\nallocate channel c1 device type disk format '${db.backup}/%U';\nbackup spfile tag 'x';\n}\n`)
    expect(code).toBe(1)
    expect(output).toMatch(/RMAN-03009: failure of Control File and SPFILE Autobackup command on c1 channel at .*\nORA-19504: /)
    expect(output).toContain('released channel: c1')
  })

  it('has one channel working in Standard Edition and says so', async () => {
    const se = await fakeInstance({ directory: path.join(directory, 'se'), edition: 'SE' })
    let working = 0
    let most = 0
    se.onWork = async () => {
      working++
      most = Math.max(most, working)
      await Promise.resolve()
      working--
    }
    const { code, output } = await runScript(se, `${connected}configure device type disk parallelism 2;\nbackup validate database;\n`)
    expect(code).toBe(0)
    expect(output).toContain('RMAN-06909: WARNING: parallelism require Enterprise Edition')
    expect(most).toBe(1)
  })

  it('warns of a deletion policy that counts on a standby where there is none', async () => {
    await db.addLog(7)
    const { output } = await runScript(db, `${connected}configure archivelog deletion policy to applied on all standby;\ndelete noprompt archivelog all;\n`)
    expect(output.match(/RMAN-08591: WARNING: invalid archived log deletion policy/g)).toHaveLength(2)
  })

  it('keeps logs that the deletion policy wants backed up first', async () => {
    await db.addLog(7)
    const { output, code } = await runScript(db, `${connected}configure archivelog deletion policy to backed up 1 times to disk;\ndelete noprompt archivelog all;\ndelete noprompt force archivelog all;\n`)
    expect(code).toBe(0)
    expect(output).toMatch(/RMAN-08138: WARNING: archived log not deleted - must create more backups\narchived log file name=\S+ thread=1 sequence=7/)
    expect(output).toContain('Deleted 1 objects')
  })

  it('catalogs files by their headers and says why not', async () => {
    await db.write(`${db.backup}/data_a`, { kind: 'datafile-copy', file: 4, tag: 'IMAGE_COPY_BACKUP', checkpointScn: 900n })
    await db.write(`${db.backup}/data_foreign`, { kind: 'datafile-copy', file: 4, dbid: 1 })
    await writeFile(`${db.backup}/data_text`, 'not an Oracle file')
    const { output, code } = await runScript(db, `${connected}catalog start with '${db.backup}/data_' noprompt;\n`)
    expect(code).toBe(0)
    expect(output).toContain(`List of Cataloged Files\n=======================\nFile Name: ${db.backup}/data_a\n`)
    expect(output).toContain(`File Name: ${db.backup}/data_foreign\n  RMAN-07518: Reason: Foreign database file DBID: 1 `)
    expect(output).toContain(`File Name: ${db.backup}/data_text\n  RMAN-07517: Reason: The file header is corrupted`)
    expect(db.controlFile.datafileCopies).toMatchObject([{ tag: 'IMAGE_COPY_BACKUP', file: 4 }])
    const again = await runScript(db, `${connected}catalog start with '${db.backup}/data_a' noprompt;\n`)
    expect(again.output).toContain('no files found to be unknown to the database')
  })

  it('validates every block, lists what fails, and does not fail itself', async () => {
    db.failing.set(4, [{ block: 12, type: 'CHECKSUM', scn: 0n }, { block: 13, type: 'CHECKSUM', scn: 0n }, { block: 40, type: 'ALL ZERO', scn: 0n }])
    const { output, code } = await runScript(db, `${connected}backup validate check logical database;\n`)
    expect(code).toBe(0)
    expect(output).toMatch(/^4 {4}FAILED 0 {14}20 {11}100 {13}2000 {6}$/m)
    expect(output).toMatch(/^ {2}Data {7}3 {14}60 {14}$/m)
    expect(output).toMatch(/validate found one or more corrupt blocks\nSee trace file \/u01\/diag\/\S+orcl_ora_\d+\.trc for details/)
    expect(output).toContain('List of Control File and SPFILE')
    expect(db.controlFile.corruptions).toEqual([
      { file: 4, block: 12, blocks: 2, scn: 0n, type: 'CHECKSUM' },
      { file: 4, block: 40, blocks: 1, scn: 0n, type: 'ALL ZERO' },
    ])
    db.failing.clear()
    await runScript(db, `${connected}backup validate datafile 4;\n`)
    expect(db.controlFile.corruptions).toEqual([])
    expect(db.controlFile.rmanStatus.map((row) => [row.operation, row.status])).toEqual([['RMAN', 'COMPLETED WITH WARNINGS'], ['BACKUP', 'COMPLETED WITH WARNINGS'], ['RMAN', 'COMPLETED'], ['BACKUP', 'COMPLETED']])
  })

  it('copies an archived log that a destination lacks', async () => {
    await db.addLog(9)
    const target = path.join(directory, 'area')
    const { output, code } = await runScript(db, `${connected}run {\nallocate channel c1 device type disk format '${directory}/%U';\nbackup force as copy archivelog sequence 9 thread 1;\n}\n`)
    expect(code).toBe(0)
    expect(target).toContain(directory)
    expect(output).toMatch(/output file name=\S+arch_D-ORCL_id-1433672784_S-9_T-1_A-905892048_\S+ RECID=2 STAMP=\d+/)
    expect(db.controlFile.archivedLogs[1]).toMatchObject({ creator: 'RMAN', destId: 0, sequence: 9 })
    const missing = await runScript(db, `${connected}run { backup force as copy archivelog sequence 77 thread 1; }\n`)
    expect(missing.code).toBe(1)
    expect(missing.output).toContain('RMAN-20242')
  })
})

describe('restoring', () => {
  it('switches every datafile to its newest copy or none', async () => {
    await runScript(db, `${connected}${refresh()}`)
    db.status = 'MOUNTED'
    const copies = new Map(db.controlFile.datafileCopies.map((copy) => [copy.file, copy.name]))
    const lost = db.controlFile.datafileCopies.find((copy) => copy.file === 3)!
    lost.status = 'X'
    const refused = await runScript(db, `${connected}switch database to copy;\n`)
    expect(refused.output).toContain('RMAN-06571: datafile 3 does not have recoverable copy')
    expect(db.controlFile.datafiles[0]?.name).toMatch(/^\/u01/)
    lost.status = 'A'
    const { output } = await runScript(db, `${connected}switch database to copy;\n`)
    for (const [file, name] of copies) expect(output).toContain(`datafile ${file} switched to datafile copy "${name}"`)
    expect(db.controlFile.datafiles.map((file) => file.name)).toEqual([1, 2, 3, 4].map((file) => copies.get(file)))
    expect(db.controlFile.datafileCopies.filter((copy) => !copy.deleted).map((copy) => copy.name)).toEqual(expect.arrayContaining([expect.stringMatching(/^\/u01/)]))
  })

  it('creates files without a copy under SET NEWNAME, as copies that SWITCH finds', async () => {
    db.status = 'MOUNTED'
    const { output, code } = await runScript(db, `${connected}run {\nset newname for database to new;\nrestore datafile 4;\nset newname for tempfile 1 to new;\nswitch tempfile all;\n}\nswitch datafile 4 to copy;\n`)
    expect(code).toBe(0)
    expect(output).toContain(`creating datafile file number=4 name=${directory}/omf/datafile_users_.dbf`)
    expect(output).toContain(`renamed tempfile 1 to ${directory}/omf/tempfile_temp_.dbf in control file`)
    expect(db.controlFile.datafiles[3]?.name).toBe(`${directory}/omf/datafile_users_.dbf`)
    const system = await runScript(db, `${connected}restore datafile 1;\n`)
    expect(system.output).toContain('RMAN-06023: no backup or copy of datafile 1 found to restore')
  })

  it('refuses a recovery to a point before the files, and one with a log missing', async () => {
    db.status = 'MOUNTED'
    const old = await runScript(db, `${connected}recover database until scn 900;\n`)
    expect(old.output).toContain('RMAN-06556: datafile 1 must be restored from backup older than SCN 900')
    await db.addLog(10)
    await db.addLog(11)
    const log = db.controlFile.archivedLogs[1]!
    log.status = 'D'
    log.deleted = true
    const hole = await runScript(db, `${connected}recover database until scn 1150;\n`)
    expect(hole.output).toMatch(/RMAN-06053: unable to perform media recovery because of missing log\nRMAN-06025: no backup of archived log for thread 1 with sequence 11 and starting SCN of 1100 found to restore/)
    const enough = await runScript(db, `${connected}recover database until scn 1100;\n`)
    expect(enough.code).toBe(0)
    await db.removeFile(db.controlFile.datafiles[1]!.name)
    const gone = await runScript(db, `${connected}recover database until scn 1100;\n`)
    expect(gone.output).toContain('RMAN-06094: datafile 2 must be restored')
  })

  it('ends at the last log it knows: an error, or from 12.2 what was asked for', async () => {
    db.status = 'MOUNTED'
    await db.addLog(10)
    db.recoverError = rmanError(6054, 'media recovery requesting unknown archived log for thread 1 with sequence 11 and starting SCN of 1100')
    const { code, output } = await runScript(db, `${connected}recover database;\n`)
    expect(code).toBe(1)
    expect(output).toMatch(/unable to find archived log\narchived log thread=1 sequence=11\nRMAN-00571: =+\n[^]*RMAN-03002: failure of recover command at .*\nRMAN-06054: /)
    const later = await fakeInstance({ directory: path.join(directory, 'later'), release: '19.3.0.0.0', status: 'MOUNTED' })
    later.recoverError = db.recoverError
    const available = await runScript(later, `${connected}recover database until available redo;\n`)
    expect(available.code).toBe(0)
    expect(available.output).toContain('Version 19.3.0.0.0')
    expect(available.output).toContain('media recovery complete, elapsed time: ')
  })

  it('knows no recovery catalog', async () => {
    const { code, output } = await runScript(db, `${connected}register database;\nrun { resync catalog; }\n`)
    expect(code).toBe(1)
    expect(output.match(/RMAN-06002: command not allowed when not connected to a recovery catalog/g)).toHaveLength(2)
  })
})
