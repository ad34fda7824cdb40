import { ora } from './ora-error.ts'
import type { ControlFileData } from './records.ts'

const quoted = (name: string): string => `'${name.replaceAll("'", "''")}'`

/** What ALTER DATABASE BACKUP CONTROLFILE TO TRACE RESETLOGS writes: a script for SQL*Plus that makes the control file anew. @throws OraError 03001 for a container database or a standby */
export function controlFileScript(data: ControlFileData): string {
  if (data.pdbs !== undefined || data.type === 'STANDBY') throw ora(3001, 'unimplemented feature')
  const [thread] = data.threads
  const logs = data.logGroups.filter((group) => group.thread === thread?.thread).map(({ group, members, sizeBytes }) => `  GROUP ${group} ${members.length === 1 ? quoted(members[0] ?? '') : `(\n    ${members.map(quoted).join(',\n    ')}\n  )`} SIZE ${sizeBytes} BLOCKSIZE 512`)
  return [
    '-- The online logs are lost with this: only OPEN RESETLOGS follows. A control file that is made anew knows no backups and no archived logs.',
    'STARTUP NOMOUNT',
    `CREATE CONTROLFILE REUSE DATABASE "${data.name.toUpperCase()}" RESETLOGS ${data.forceLogging ? 'FORCE LOGGING ' : ''}${data.logMode}`,
    '    MAXLOGFILES 16', '    MAXDATAFILES 200',
    'LOGFILE', logs.join(',\n'),
    'DATAFILE', data.datafiles.map(({ name }) => `  ${quoted(name)}`).join(',\n'),
    'CHARACTER SET AL32UTF8', ';',
    '-- Where the datafiles are restored ones: RECOVER DATABASE USING BACKUP CONTROLFILE',
    'ALTER DATABASE OPEN RESETLOGS;',
    '-- Tempfiles are in the control file only.',
    ...data.tempfiles.map(({ tablespace, name, blocks }) => `ALTER TABLESPACE ${tablespace} ADD TEMPFILE ${quoted(name)} SIZE ${blocks * 8192} REUSE;`),
    '',
  ].join('\n')
}
