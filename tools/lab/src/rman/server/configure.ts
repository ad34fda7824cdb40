import type { Instance } from '../../engine/instance-api.ts'
import type { ConfigureCommand, SettingName } from '../grammar/ast.ts'
import { releaseDefaultChannels } from './channels.ts'
import { autobackupByDefault, deletionPolicyIsInvalid, isSubject, quotedText, snapshotDefault, stored } from './configuration.ts'
import { announce, uniqueName } from './work.ts'
import type { Work } from './work.ts'

const line = (name: string, value: string): string => `CONFIGURE ${name} ${value};`

/** CONFIGURE: the old and the new setting are printed, the new one is kept in the control file. */
export async function configure(work: Work, command: ConfigureCommand): Promise<void> {
  const { instance, emit } = work
  announce(work)
  const old = stored(instance, command.name, command.subject)
  if (old !== undefined) {
    emit('old RMAN configuration parameters:')
    emit(line(command.name, old))
  }
  await instance.updateControlFile((data) => {
    if (command.name === 'SNAPSHOT CONTROLFILE NAME') {
      const file = command.value === null ? null : quotedText(command.value)
      if (file === null) delete data.snapshotControlfile
      else data.snapshotControlfile = file
      return
    }
    const at = data.rmanConfiguration.findIndex((record) => record.name === command.name && isSubject(record.value, command.subject))
    if (command.value === null) {
      if (at >= 0) data.rmanConfiguration.splice(at, 1)
      return
    }
    const record = data.rmanConfiguration[at]
    if (record !== undefined) record.value = command.value
    else data.rmanConfiguration.push({ conf: Math.max(0, ...data.rmanConfiguration.map((r) => r.conf)) + 1, name: command.name, value: command.value })
  })
  if (command.value === null) emit('RMAN configuration parameters are successfully reset to default value')
  else {
    emit('new RMAN configuration parameters:')
    emit(line(command.name, command.value))
    emit('new RMAN configuration parameters are successfully stored')
  }
  if (command.name === 'ARCHIVELOG DELETION POLICY' && deletionPolicyIsInvalid(instance)) emit('RMAN-08591: WARNING: invalid archived log deletion policy')
  if (['CHANNEL', 'DEVICE TYPE', 'DEFAULT DEVICE TYPE'].includes(command.name)) releaseDefaultChannels(work)
}

/** All lines of SHOW ALL, each with the setting it belongs to. */
function allSettings(instance: Instance): readonly (readonly [SettingName | null, string])[] {
  const one = (name: SettingName, fallback: string, subject = ''): readonly [SettingName, string] => {
    const value = stored(instance, name, subject)
    return [name, value === undefined ? `${line(name, fallback)} # default` : line(name, value)]
  }
  const others = (name: SettingName, but: string): (readonly [SettingName, string])[] =>
    instance.controlFile.rmanConfiguration.filter((r) => r.name === name && !(but !== '' && isSubject(r.value, but))).map((r) => [name, line(r.name, r.value)] as const)
  const fixed = (text: string): readonly [null, string] => [null, `CONFIGURE ${text}; # default`]
  const from12 = Number(instance.release.split('.')[0]) >= 12
  return [
    one('RETENTION POLICY', 'TO REDUNDANCY 1'),
    one('BACKUP OPTIMIZATION', 'OFF'),
    one('DEFAULT DEVICE TYPE', 'TO DISK'),
    one('CONTROLFILE AUTOBACKUP', autobackupByDefault(instance) ? 'ON' : 'OFF'),
    one('CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE', "DISK TO '%F'", 'DISK'),
    ...others('CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE', 'DISK'),
    one('DEVICE TYPE', 'DISK PARALLELISM 1 BACKUP TYPE TO BACKUPSET', 'DISK'),
    ...others('DEVICE TYPE', 'DISK'),
    fixed('DATAFILE BACKUP COPIES FOR DEVICE TYPE DISK TO 1'),
    fixed('ARCHIVELOG BACKUP COPIES FOR DEVICE TYPE DISK TO 1'),
    ...others('CHANNEL', ''),
    fixed('MAXSETSIZE TO UNLIMITED'),
    fixed('ENCRYPTION FOR DATABASE OFF'),
    fixed("ENCRYPTION ALGORITHM 'AES128'"),
    fixed("COMPRESSION ALGORITHM 'BASIC' AS OF RELEASE 'DEFAULT' OPTIMIZE FOR LOAD TRUE "),
    ...(from12 ? [fixed('RMAN OUTPUT TO KEEP FOR 7 DAYS')] : []),
    one('ARCHIVELOG DELETION POLICY', 'TO NONE'),
    one('SNAPSHOT CONTROLFILE NAME', `TO '${snapshotDefault(instance)}'`),
  ]
}

/** SHOW. */
export function show(work: Work, setting: SettingName | 'ALL'): void {
  announce(work)
  work.emit(`RMAN configuration parameters for database with db_unique_name ${uniqueName(work)} are:`)
  const lines = allSettings(work.instance).filter(([name]) => setting === 'ALL' || name === setting)
  for (const [, text] of lines) work.emit(text)
  if (lines.length === 0) work.emit('RMAN configuration has no stored or default parameters')
}
