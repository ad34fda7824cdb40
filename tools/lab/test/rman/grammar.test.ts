import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { executeSql } from '../../src/sql-engine.ts'
import { type BackedUpLab, backedUpLab } from '../support/backed-up-lab.ts'
import { rmanOn } from '../support/rman.ts'

// Every form of every statement that the grammar of the reference has, executed on a database: nothing of it may be refused, and each must do
// what it is for. The rows run in their order, on one database and on a copy of it.

let lab: BackedUpLab
let copy: Awaited<ReturnType<BackedUpLab['restored']>>
let scratch: string
/** A log that is on disk, an SCN that the archived logs reach, the name of a copy. */
let sequence: number
let target: bigint
let copyName: string

beforeAll(async () => {
  lab = await backedUpLab()
  scratch = path.join(lab.lab.dir, 'scratch')
  await mkdir(scratch)
  await lab.sql('create user rman identified by secret default tablespace users')
  await lab.sql('grant unlimited tablespace, create session, create table to rman')
  await lab.backup()
  await lab.point()
  await lab.backup()
  target = await lab.point()
  sequence = Math.max(...lab.db.controlFile.archivedLogs.map((log) => log.sequence))
  copyName = lab.db.controlFile.datafileCopies.find((record) => record.file === 4 && !record.deleted)?.name ?? ''
  copy = await lab.restored({ catalog: false, switched: false })
}, 60_000)
afterAll(async () => { await lab.remove() })

const catalog = () => {
  const session = lab.db.logon('RMAN', 'rman')
  return { query: async (text: string) => (await executeSql(lab.db, session, text)).rows ?? [], close: () => { lab.db.closeSession(session.sid) } }
}

type Row = readonly [line: string, statement: () => string, shows: RegExp]
const run = (body: string): string => `RUN { ALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${lab.area}/%U'; ALLOCATE CHANNEL c2 DEVICE TYPE DISK FORMAT '${lab.area}/%U'; ${body} }`

const onProduction: readonly Row[] = [
  ['script: SET ECHO ON', () => 'SET ECHO ON;', /echo set on/],
  ['connect: TARGET', () => 'show backup optimization;', /connected to target database: ORCL \(DBID=\d+\)/],
  ['connect: CATALOG', () => 'CONNECT CATALOG rman/secret@rman', /connected to recovery catalog database/],
  ['run', () => 'RUN { }', /RMAN> $/m],
  ['configure: RETENTION POLICY', () => 'CONFIGURE RETENTION POLICY TO RECOVERY WINDOW OF 2 DAYS;', /successfully stored/],
  ['configure: BACKUP OPTIMIZATION ON', () => 'CONFIGURE BACKUP OPTIMIZATION ON;', /CONFIGURE BACKUP OPTIMIZATION ON;\nnew RMAN/],
  ['configure: BACKUP OPTIMIZATION OFF', () => 'CONFIGURE BACKUP OPTIMIZATION OFF;', /old RMAN configuration parameters:\nCONFIGURE BACKUP OPTIMIZATION ON;/],
  ['configure: DEFAULT DEVICE TYPE', () => 'CONFIGURE DEFAULT DEVICE TYPE TO DISK;', /successfully stored/],
  ['configure: CONTROLFILE AUTOBACKUP ON', () => 'CONFIGURE CONTROLFILE AUTOBACKUP ON;', /successfully stored/],
  ['configure: CONTROLFILE AUTOBACKUP OFF', () => 'CONFIGURE CONTROLFILE AUTOBACKUP OFF;', /successfully stored/],
  ['configure: CONTROLFILE AUTOBACKUP FORMAT', () => `CONFIGURE CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE DISK TO '${lab.area}/%F';`, /successfully stored/],
  ['configure: DEVICE TYPE DISK', () => 'CONFIGURE DEVICE TYPE DISK PARALLELISM 2 BACKUP TYPE TO BACKUPSET;', /successfully stored/],
  ['configure: CHANNEL', () => `CONFIGURE CHANNEL DEVICE TYPE DISK FORMAT '${lab.area}/%U';`, /successfully stored/],
  ['configure: SNAPSHOT CONTROLFILE', () => `CONFIGURE SNAPSHOT CONTROLFILE NAME TO '${lab.area}/snapcf_orcl.f';`, /successfully stored/],
  ['configure: ARCHIVELOG DELETION POLICY APPLIED ON STANDBY', () => 'CONFIGURE ARCHIVELOG DELETION POLICY TO APPLIED ON STANDBY;', /successfully stored/],
  ['configure: ARCHIVELOG DELETION POLICY APPLIED ON ALL STANDBY', () => 'CONFIGURE ARCHIVELOG DELETION POLICY TO APPLIED ON ALL STANDBY;', /successfully stored/],
  ['configure: ARCHIVELOG DELETION POLICY NONE', () => 'CONFIGURE ARCHIVELOG DELETION POLICY TO NONE;', /successfully stored/],
  ['report: SHOW ALL', () => 'SHOW ALL;', /CONFIGURE DEVICE TYPE DISK PARALLELISM 2 BACKUP TYPE TO BACKUPSET;/],
  ['channel', () => 'RUN { ALLOCATE CHANNEL c1 DEVICE TYPE DISK; }', /allocated channel: c1\nchannel c1: SID=\d+ device type=DISK/],
  ['channel: FORMAT', () => run(''), /released channel: c2/],
  ['refresh', () => run("BACKUP INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'copies' DATABASE;"), /piece handle=\S+ tag=COPIES comment=NONE/],
  ['refresh: TAG', () => run("BACKUP INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'copies' DATABASE TAG 'incr';"), /piece handle=\S+ tag=INCR comment=NONE/],
  ['refresh: SECTION SIZE K', () => run("BACKUP SECTION SIZE 512K INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'copies' DATABASE TAG 'incr';"), /backing up blocks 1 through 64\n/],
  ['refresh: SECTION SIZE M', () => run("BACKUP SECTION SIZE 1M INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'copies' DATABASE TAG 'incr';"), /backing up blocks 129 through 256\n/],
  ['refresh: SECTION SIZE G', () => run("BACKUP SECTION SIZE 32G INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'copies' DATABASE TAG 'incr';"), /piece handle=\S+ tag=INCR/],
  ['merge: UNTIL TIME', () => "RECOVER COPY OF DATABASE WITH TAG 'copies' UNTIL TIME 'sysdate + 1/24';", /no copy of datafile 1 found to recover/],
  ['merge: UNTIL SCN', () => `RECOVER COPY OF DATABASE WITH TAG 'copies' UNTIL SCN ${String(target)};`, /Finished recover at/],
  ['merge', () => "RECOVER COPY OF DATABASE WITH TAG 'copies';", /recovering datafile copy file number=00004 name=\S+data_D-ORCL/],
  ['delete: BACKUPSET TAG', () => "DELETE NOPROMPT BACKUPSET TAG 'incr';", /Deleted \d+ objects/],
  ['delete: FORCE BACKUPSET TAG', () => "DELETE NOPROMPT FORCE BACKUPSET TAG 'copies';", /Deleted \d+ objects/],
  ['delete: without NOPROMPT', () => "DELETE BACKUPSET TAG 'incr';", /specification does not match any backup in the repository/],
  ['backup: SPFILE', () => run("BACKUP SPFILE TAG 'meta';"), /including current SPFILE in backup set/],
  ['backup: CURRENT CONTROLFILE', () => run(`BACKUP CURRENT CONTROLFILE FORMAT '${lab.area}/after.cf' REUSE TAG 'meta';`), /including current control file in backup set/],
  ['backup: COPY ARCHIVELOG', () => run(`BACKUP FORCE AS COPY ARCHIVELOG SEQUENCE ${String(sequence)} THREAD 1;`), /output file name=\S+arch_D-ORCL_\S+ RECID=\d+ STAMP=\d+/],
  ['backup: COPY OF DATABASE', () => `BACKUP AS COPY FORMAT '${scratch}/%U' TAG 'moved' COPY OF DATABASE FROM TAG 'copies';`, /output file name=\S+scratch\/data_D-ORCL\S+ tag=MOVED/],
  ['validate: BACKUP VALIDATE', () => 'BACKUP VALIDATE CHECK LOGICAL DATABASE;', /^4 +OK +0 /m],
  ['validate: RESTORE DATABASE', () => 'RESTORE DATABASE VALIDATE;', /scanning datafile copy \S+\n/],
  ['validate: RESTORE DATABASE HEADER', () => 'RESTORE DATABASE VALIDATE HEADER;', /Finished restore at/],
  ['validate: RESTORE CONTROLFILE', () => 'RESTORE CONTROLFILE VALIDATE;', /restored backup piece 1/],
  ['validate: RESTORE CONTROLFILE HEADER', () => 'RESTORE CONTROLFILE VALIDATE HEADER;', /Finished restore at/],
  ['validate: RESTORE ARCHIVELOG', () => 'RESTORE ARCHIVELOG ALL VALIDATE;', /scanning archived log \S+/],
  ['validate: RESTORE ARCHIVELOG HEADER', () => 'RESTORE ARCHIVELOG ALL VALIDATE HEADER;', /Finished restore at/],
  ['report: NEED BACKUP', () => 'REPORT NEED BACKUP RECOVERY WINDOW OF 2 DAYS;', /satisfy 2 days recovery window/],
  ['report: UNRECOVERABLE', () => 'REPORT UNRECOVERABLE;', /due to unrecoverable operations/],
  ['report: PREVIEW', () => 'RESTORE DATABASE PREVIEW;', /Media recovery start SCN is \d+/],
  ['catalogs: REGISTER', () => 'CONNECT CATALOG rman/secret@rman\nCREATE CATALOG;\nREGISTER DATABASE;', /database registered in recovery catalog/],
  ['catalogs: RESYNC', () => 'CONNECT CATALOG rman/secret@rman\nRESYNC CATALOG;', /full resync complete/],
  ['catalogs: CROSSCHECK BACKUP', () => 'CROSSCHECK BACKUP;', /crosschecked backup piece: found to be 'AVAILABLE'/],
  ['catalogs: CROSSCHECK COPY', () => 'CROSSCHECK COPY;', /validation succeeded for datafile copy/],
  ['catalogs: CROSSCHECK ARCHIVELOG', () => 'CROSSCHECK ARCHIVELOG ALL;', /validation succeeded for archived log/],
  ['delete: EXPIRED BACKUP', () => 'DELETE NOPROMPT EXPIRED BACKUP;', /specification does not match any backup/],
  ['delete: EXPIRED COPY', () => 'DELETE NOPROMPT EXPIRED COPY;', /specification does not match any datafile copy/],
  ['delete: EXPIRED ARCHIVELOG', () => 'DELETE NOPROMPT EXPIRED ARCHIVELOG ALL;', /specification does not match any archived log/],
  ['delete: OBSOLETE', () => 'DELETE NOPROMPT OBSOLETE;', /RMAN retention policy is set to recovery window of 2 days/],
  ['delete: OBSOLETE RECOVERY WINDOW', () => 'DELETE NOPROMPT OBSOLETE RECOVERY WINDOW OF 3 DAYS;', /no obsolete backups found/],
  ['delete: ARCHIVELOG UNTIL TIME', () => "DELETE NOPROMPT FORCE ARCHIVELOG UNTIL TIME 'sysdate-2';", /specification does not match any archived log/],
  ['delete: ARCHIVELOG ALL', () => 'DELETE NOPROMPT ARCHIVELOG ALL;', /deleted archived log\narchived log file name=/],
  ['delete: DATAFILECOPY', () => `DELETE NOPROMPT DATAFILECOPY '${copyName}';`, /deleted datafile copy\ndatafile copy file name=/],
  ['sql: SQL "…"', () => 'SQL "alter system switch logfile";', /sql statement: alter system switch logfile/],
  ['sql: statement', () => 'ALTER SYSTEM CHECKPOINT;', /Statement processed/],
  ['script: EXIT', () => 'EXIT;', /Recovery Manager complete\./],
]

const onCopy: readonly Row[] = [
  ['restore: CHANGE ARCHIVELOG UNCATALOG', () => `CATALOG START WITH '${copy.area}/archivelog/' NOPROMPT;\nCHANGE ARCHIVELOG ALL UNCATALOG;`, /Uncataloged \d+ objects/],
  ['restore: CHANGE COPY UNCATALOG', () => `CATALOG START WITH '${copy.area}/data_' NOPROMPT;\nCHANGE COPY OF DATABASE UNCATALOG;`, /Uncataloged 4 objects/],
  ['restore: CHANGE BACKUP UNAVAILABLE', () => `CATALOG START WITH '${copy.area}/after.cf' NOPROMPT;\nCHANGE BACKUP DEVICE TYPE DISK UNAVAILABLE;`, /Changed \d+ objects to UNAVAILABLE status/],
  ['restore: CATALOG START WITH', () => `CATALOG START WITH '${copy.area}/archivelog/' NOPROMPT;\nCATALOG START WITH '${copy.area}/data_' NOPROMPT;`, /List of Cataloged Files/],
  ['restore: RESTORE DATAFILE', () => 'RUN { SET NEWNAME FOR DATABASE TO NEW; RESTORE DATAFILE 3,4; }', /copied datafile copy of datafile 00004/],
  ['restore: SET NEWNAME DATAFILE TO name', () => `RUN { SET NEWNAME FOR DATAFILE 4 TO '${copy.area}/users.dbf'; RESTORE DATAFILE 4; }`, /output file name=\S+users\.dbf RECID=/],
  ['restore: SET NEWNAME TEMPFILE, SWITCH TEMPFILE', () => 'RUN { SET NEWNAME FOR TEMPFILE 1 TO NEW; SWITCH TEMPFILE ALL; }', /renamed tempfile 1 to \S+ in control file/],
  ['restore: SWITCH DATABASE', () => 'SWITCH DATABASE TO COPY;', /datafile 4 switched to datafile copy "/],
  ['restore: SET UNTIL SCN', () => `RUN { SET UNTIL SCN ${String(lab.db.controlFile.resetlogsScn - 1n)}; RECOVER DATABASE; }`, /RMAN-20208: UNTIL CHANGE is before RESETLOGS change/],
  ['restore: SET UNTIL TIME', () => `RUN { SET UNTIL TIME "to_date('2001-01-01 00:00:00', 'yyyy-mm-dd hh24:mi:ss')"; RECOVER DATABASE; }`, /RMAN-20207: /],
  ['restore: RECOVER DATABASE', () => `RUN { ALLOCATE CHANNEL c1 DEVICE TYPE DISK; SET NEWNAME FOR DATABASE TO NEW; SET UNTIL SCN ${String(target + 1n)}; RECOVER DATABASE; }`, /media recovery complete, elapsed time:/],
]

/** Errors that a row is there to show. */
const wanted = /RMAN-2020[78]/

async function holds([, statement, shows]: Row, output: Promise<string>): Promise<void> {
  const text = await output
  expect(text, statement()).toMatch(shows)
  if (!wanted.test(text)) expect(text, statement()).not.toContain('RMAN-00569')
  expect(text).not.toContain('LAB-0')
}

describe('each statement of the grammar', () => {
  it.each(onProduction.map((row) => [row[0], row] as const))('%s', async (_line, row) => {
    await holds(row, rmanOn(lab.db, `${row[1]()}\n`, catalog))
  }, 30_000)

  it.each(onCopy.map((row) => [row[0], row] as const))('%s', async (_line, row) => {
    await holds(row, rmanOn(copy.copy, `${row[1]()}\n`))
  }, 30_000)

  it('restore: RESTORE CONTROLFILE FROM, ALTER DATABASE MOUNT', async () => {
    const another = lab.lab.instanceWith(lab.lab.sandbox, 'other', { db_name: 'orcl', db_unique_name: 'other', control_files: `${scratch}/restore.cf`, db_create_file_dest: scratch, diagnostic_dest: scratch, audit_file_dest: `${scratch}/audit` })
    const output = await rmanOn(another, `RESTORE CONTROLFILE FROM '${copy.area}/after.cf';\nALTER DATABASE MOUNT;\n`)
    expect(output).toContain(`output file name=${scratch}/restore.cf`)
    expect(output).toContain('Statement processed')
    expect(another.status).toBe('MOUNTED')
  }, 30_000)
})
