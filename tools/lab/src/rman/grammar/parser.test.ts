import { describe, expect, it } from 'vitest'
import type { Command } from './ast.ts'
import { parseCommand } from './parser.ts'
import type { ParseResult } from './parser.ts'

const options = { release: '12.1.0.2.0' }

/** All commands of a script; fails on the first that is refused. */
function parseAll(script: string, release = '12.1.0.2.0'): Command[] {
  const commands: Command[] = []
  let rest = script
  for (;;) {
    const result = parseCommand(rest, { release })
    if (result.kind === 'empty') return commands
    if (result.kind === 'error') throw result.error
    if (result.kind === 'incomplete') throw new Error(`incomplete: ${rest}`)
    commands.push(result.command)
    rest = rest.slice(result.end)
  }
}

function refused(text: string, release = '12.1.0.2.0'): readonly string[] {
  const result: ParseResult = parseCommand(text, { release })
  if (result.kind !== 'error') throw new Error(`not refused: ${text} (${result.kind})`)
  return result.error.messages.map((message) => `${message.code}: ${message.text}`)
}

describe('the grammar of RMAN', () => {
  it('accepts the refresh of the seed, as one RUN', () => {
    const [run] = parseAll(`run {
      backup section size 32G incremental level 1 for recover of copy with tag 'image_copy_backup' database;
      recover copy of database with tag 'image_copy_backup'; # merge
      delete noprompt backupset tag 'image_copy_backup';
      delete noprompt force archivelog until time 'sysdate-2';
      backup spfile tag 'image_copy_backup';
      backup current controlfile format '/nfs/backup/orcl/after_backup_controlfile.cf' reuse tag 'image_copy_backup';
      delete noprompt obsolete recovery window of 2 days;
      show all;
    }`)
    expect(run?.kind).toBe('run')
    const jobs = run?.kind === 'run' ? run.jobs : []
    expect(jobs.map((job) => job.kind)).toEqual(['backup', 'recover-copy', 'delete', 'delete', 'backup', 'backup', 'delete-obsolete', 'show'])
    expect(jobs[0]).toMatchObject({ incrementalLevel: 1, forRecoverOfCopy: { tag: 'IMAGE_COPY_BACKUP' }, sectionSize: '34359738368', object: { kind: 'database' }, tag: null })
    expect(jobs[3]).toMatchObject({ force: true, noprompt: true, objects: { kind: 'archivelog', selection: { range: { kind: 'time', until: 'sysdate-2' } } } })
    expect(jobs[5]).toMatchObject({ reuse: true, format: '/nfs/backup/orcl/after_backup_controlfile.cf', object: { kind: 'current-controlfile' } })
    expect(JSON.parse(JSON.stringify(run))).toEqual(run)
  })

  const accepted: readonly (readonly [string, string])[] = [
    ['SET ECHO ON;', 'set-echo'],
    ["SET COMMAND ID TO 'run-1';", 'set-command-id'],
    ['set dbid 1433672784;', 'set-dbid'],
    ['CONNECT TARGET /@orcl;', 'connect'],
    ['connect target "/@orcl as sysbackup"', 'connect'],
    ['CONNECT TARGET', 'connect'],
    ['CONNECT CATALOG rman/cat@rman;', 'connect'],
    ['exit', 'exit'],
    ['QUIT;', 'exit'],
    ['CONFIGURE ARCHIVELOG DELETION POLICY TO APPLIED ON ALL STANDBY;', 'configure'],
    ['CONFIGURE CHANNEL DEVICE TYPE DISK CLEAR;', 'configure'],
    ["CONFIGURE CHANNEL 2 DEVICE TYPE 'SBT_TAPE' PARMS 'ENV=(X=1)' MAXPIECESIZE 4G;", 'configure'],
    ['CONFIGURE DEFAULT DEVICE TYPE CLEAR;', 'configure'],
    ['CONFIGURE DEVICE TYPE DISK CLEAR;', 'configure'],
    ['CONFIGURE CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE DISK CLEAR;', 'configure'],
    ["CONFIGURE SNAPSHOT CONTROLFILE NAME TO '/nfs/x.f';", 'configure'],
    ['SHOW CONTROLFILE AUTOBACKUP FORMAT;', 'show'],
    ['DELETE NOPROMPT ARCHIVELOG UNTIL SEQUENCE 12 THREAD 1;', 'delete'],
    ["DELETE NOPROMPT BACKUPPIECE '/nfs/a', '/nfs/b';", 'delete'],
    ["DELETE NOPROMPT DATAFILECOPY '/nfs/a';", 'delete'],
    ['DELETE NOPROMPT EXPIRED ARCHIVELOG ALL;', 'delete'],
    ['DELETE EXPIRED BACKUP;', 'delete'],
    ['CROSSCHECK ARCHIVELOG ALL;', 'crosscheck'],
    ['CROSSCHECK COPY;', 'crosscheck'],
    ['BACKUP VALIDATE CHECK LOGICAL DATABASE;', 'backup'],
    ['VALIDATE CHECK LOGICAL DATABASE;', 'validate'],
    ['RESTORE DATABASE VALIDATE HEADER;', 'restore-validate'],
    ['RESTORE CONTROLFILE VALIDATE;', 'restore-validate'],
    ['RESTORE ARCHIVELOG ALL VALIDATE;', 'restore-validate'],
    ['RESTORE DATABASE PREVIEW;', 'restore-preview'],
    ['RECOVER DATABASE UNTIL SCN 18446744073709551615;', 'recover-database'],
    ["RECOVER DATABASE UNTIL TIME 'sysdate-1';", 'recover-database'],
    ['sql "alter database flashback off";', 'sql'],
    ['ALTER DATABASE MOUNT;', 'sql'],
    ["select name from v$datafile where name like '%;%';", 'sql'],
    ["STARTUP FORCE NOMOUNT PFILE='/u01/init.ora';", 'startup'],
    ['SHUTDOWN ABORT;', 'shutdown'],
    ["BACKUP AS COPY FORMAT '+DATA' TAG 'x' COPY OF DATABASE FROM TAG 'image_copy_backup';", 'backup'],
    ["CATALOG START WITH '/nfs/mnt/data_' NOPROMPT;", 'catalog-start-with'],
    ['CHANGE BACKUP DEVICE TYPE DISK UNAVAILABLE;', 'change'],
    ['CHANGE COPY OF DATABASE UNCATALOG;', 'change'],
    ['REPORT NEED BACKUP RECOVERY WINDOW OF 2 DAYS;', 'report-need-backup'],
    ['REGISTER DATABASE;', 'needs-catalog'],
    ['RUN { BACKUP FORCE AS COPY ARCHIVELOG SEQUENCE 90 THREAD 1; }', 'run'],
    ["RUN { SET NEWNAME FOR DATABASE TO NEW; SET UNTIL TIME \"to_date('2016-11-08 22:39:45', 'yyyy-mm-dd hh24:mi:ss')\"; RECOVER DATABASE; }", 'run'],
    ['RUN { ALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT \'/nfs/%U\'; RELEASE CHANNEL c1; SWITCH TEMPFILE ALL; }', 'run'],
  ]
  it.each(accepted)('accepts %s', (text, kind) => {
    expect(parseAll(text).map((command) => command.kind)).toEqual([kind])
  })

  const rejected: readonly (readonly [string, string, string])[] = [
    ['CONFIGURE in RUN', 'RUN { CONFIGURE BACKUP OPTIMIZATION ON; }', 'found "configure"'],
    ['CONNECT in RUN', 'RUN { CONNECT TARGET /; }', 'found "connect"'],
    ['STARTUP in RUN', 'RUN { STARTUP MOUNT; }', 'found "startup"'],
    ['SET ECHO in RUN', 'RUN { SET ECHO ON; }', 'found "echo"'],
    ['RUN in RUN', 'RUN { RUN { } }', 'found "run"'],
    ['ALLOCATE CHANNEL at the prompt', 'ALLOCATE CHANNEL c1 DEVICE TYPE DISK;', 'found "allocate"'],
    ['SET NEWNAME at the prompt', 'SET NEWNAME FOR DATABASE TO NEW;', 'found "newname"'],
    ['SET UNTIL at the prompt', 'SET UNTIL SCN 5;', 'found "until"'],
    ['a missing object', 'BACKUP;', 'found ";"'],
    ['FOR RECOVER OF COPY without a level 1', "BACKUP FOR RECOVER OF COPY WITH TAG 'x' DATABASE;", 'found "for"'],
    ['two tags', "BACKUP DATABASE TAG 'a' TAG 'b';", 'found "tag"'],
    ['a size where a number belongs', 'DELETE ARCHIVELOG UNTIL SEQUENCE 12G;', 'found "integer"'],
    ['a string where a word belongs', "CONFIGURE 'BACKUP' OPTIMIZATION ON;", 'found "single-quoted-string"'],
    ['CATALOG without a string', 'CATALOG START WITH "/x" LATER;', 'found "identifier"'],
    ['RECOVER UNTIL AVAILABLE REDO before 12.2', 'RECOVER DATABASE UNTIL AVAILABLE REDO;', 'found "available"'],
  ]
  it.each(rejected)('refuses %s', (_what, text, found) => {
    const messages = refused(text)
    expect(messages[0]).toBe('RMAN-00558: error encountered while parsing input commands')
    expect(messages[1]).toContain('RMAN-01009: syntax error: ')
    expect(messages[1]).toContain(found)
  })

  it('names the bad identifier and what it would have taken, with line and column', () => {
    const result = parseCommand('\nBACKUP DATABAS;', options)
    expect(result.kind).toBe('error')
    if (result.kind !== 'error') return
    expect(result.error.messages.at(-1)).toEqual({ code: 'RMAN-01008', text: 'the bad identifier was: DATABAS' })
    expect(result.error.messages[1]?.text).toMatch(/found "identifier": expecting one of: "archivelog, as, .*database, datafile/)
    expect(result.error.position).toEqual({ line: 2, column: 8 })
  })

  it('knows the commands of each release', () => {
    expect(refused('SELECT 1 FROM dual;', '11.2.0.4.0')[1]).toContain('RMAN-01009')
    expect(parseAll('ALTER DATABASE MOUNT;', '11.2.0.4.0')).toEqual([{ kind: 'alter-database', action: 'mount' }])
    expect(parseAll('RECOVER DATABASE UNTIL AVAILABLE REDO;', '19.3.0.0.0')).toMatchObject([{ untilAvailableRedo: true }])
  })

  it('waits for the rest of a command', () => {
    expect(parseCommand('RUN {', options).kind).toBe('incomplete')
    expect(parseCommand('BACKUP DATABASE', options).kind).toBe('incomplete')
    expect(parseCommand('alter system switch logfile', options).kind).toBe('incomplete')
    expect(parseCommand('  # nothing\n', options).kind).toBe('empty')
  })

  it('refuses lines over 4000 characters and marks that are none of RMAN', () => {
    expect(refused(`BACKUP ${' '.repeat(4000)}`)[1]).toBe('RMAN-02006: script line too long')
    expect(refused('BACKUP DATABASE & ;')[1]).toBe('RMAN-02001: unrecognized punctuation symbol "&"')
    expect(refused("CATALOG START WITH '/x\n';")[1]).toContain('RMAN-02004')
    expect(refused('DELETE ARCHIVELOG UNTIL SEQUENCE 99999999999;')[1]).toBe('RMAN-02007: integer value overflow')
  })

  it('takes the setting of CONFIGURE as V$RMAN_CONFIGURATION keeps it', () => {
    expect(parseAll("CONFIGURE CHANNEL DEVICE TYPE DISK FORMAT '/nfs/%U';")).toEqual([
      { kind: 'configure', name: 'CHANNEL', subject: 'DEVICE TYPE DISK', value: "DEVICE TYPE DISK FORMAT   '/nfs/%U'" },
    ])
    expect(parseAll('CONFIGURE DEVICE TYPE DISK PARALLELISM 4;')).toMatchObject([{ name: 'DEVICE TYPE', value: 'DISK PARALLELISM 4 BACKUP TYPE TO BACKUPSET' }])
    expect(parseAll('CONFIGURE RETENTION POLICY CLEAR;')).toMatchObject([{ name: 'RETENTION POLICY', value: null }])
  })
})
