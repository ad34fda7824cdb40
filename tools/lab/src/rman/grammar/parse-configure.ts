import type { Command, Configurable, ConfigureCommand } from './ast.ts'
import type { Cursor } from './cursor.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

function set(setting: Configurable, value: string | null): ConfigureCommand {
  return { kind: 'configure', setting, value }
}

function onOff(cursor: Cursor): string | null {
  if (cursor.take('clear')) return null
  if (cursor.take('on')) return 'ON'
  if (cursor.take('off')) return 'OFF'
  return cursor.fail()
}

function deviceType(cursor: Cursor): string {
  cursor.need('device', 'type')
  return device(cursor)
}

function device(cursor: Cursor): string {
  if (cursor.take('disk')) return 'DISK'
  if (cursor.take('sbt') || cursor.take('sbt_tape')) return "'SBT_TAPE'"
  return cursor.fail()
}

function retention(cursor: Cursor): ConfigureCommand {
  if (cursor.take('clear')) return set('RETENTION POLICY', null)
  cursor.need('to')
  if (cursor.take('none')) return set('RETENTION POLICY', 'TO NONE')
  if (cursor.take('redundancy')) return set('RETENTION POLICY', `TO REDUNDANCY ${cursor.integer()}`)
  cursor.need('recovery', 'window', 'of')
  const days = cursor.integer()
  cursor.need('days')
  return set('RETENTION POLICY', `TO RECOVERY WINDOW OF ${days} DAYS`)
}

function deletionPolicy(cursor: Cursor): ConfigureCommand {
  if (cursor.take('clear')) return set('ARCHIVELOG DELETION POLICY', null)
  cursor.need('to')
  if (cursor.take('none')) return set('ARCHIVELOG DELETION POLICY', 'TO NONE')
  if (cursor.take('backed', 'up')) {
    const times = cursor.integer()
    cursor.need('times', 'to')
    cursor.take('device', 'type')
    return set('ARCHIVELOG DELETION POLICY', `TO BACKED UP ${times} TIMES TO ${device(cursor)}`)
  }
  const verb = cursor.take('applied') ? 'APPLIED' : cursor.take('shipped') ? 'SHIPPED' : cursor.fail()
  cursor.need(verb === 'APPLIED' ? 'on' : 'to')
  const all = cursor.take('all') ? 'ALL ' : ''
  cursor.need('standby')
  return set('ARCHIVELOG DELETION POLICY', `TO ${verb} ${verb === 'APPLIED' ? 'ON' : 'TO'} ${all}STANDBY`)
}

function autobackup(cursor: Cursor): ConfigureCommand {
  cursor.need('autobackup')
  if (!cursor.take('format')) return set('CONTROLFILE AUTOBACKUP', onOff(cursor))
  cursor.need('for')
  const type = deviceType(cursor)
  if (cursor.take('clear')) return set('CONTROLFILE AUTOBACKUP FORMAT', null)
  cursor.need('to')
  return set('CONTROLFILE AUTOBACKUP FORMAT', `${type} TO ${quoted(cursor.string())}`)
}

function configuredDevice(cursor: Cursor): ConfigureCommand {
  const type = deviceTypeAfterDevice(cursor)
  if (cursor.take('clear')) return set('DEVICE TYPE', null)
  let parallelism: number | undefined
  let backupType: string | undefined
  for (;;) {
    if (parallelism === undefined && cursor.take('parallelism')) parallelism = cursor.integer()
    else if (backupType === undefined && cursor.take('backup', 'type', 'to')) {
      const compressed = cursor.take('compressed') ? 'COMPRESSED ' : ''
      if (compressed === '' && cursor.take('copy')) backupType = 'COPY'
      else {
        cursor.need('backupset')
        backupType = `${compressed}BACKUPSET`
      }
    } else break
  }
  if (parallelism === undefined && backupType === undefined) cursor.fail()
  return set('DEVICE TYPE', `${type} PARALLELISM ${parallelism ?? 1} BACKUP TYPE TO ${backupType ?? 'BACKUPSET'}`)
}

function deviceTypeAfterDevice(cursor: Cursor): string {
  cursor.need('type')
  return device(cursor)
}

function channel(cursor: Cursor): ConfigureCommand {
  const type = deviceType(cursor)
  if (cursor.take('clear')) return set('CHANNEL', null)
  cursor.need('format')
  // RMAN prints and stores three blanks here.
  return set('CHANNEL', `DEVICE TYPE ${type} FORMAT   ${quoted(cursor.string())}`)
}

function snapshotName(cursor: Cursor): ConfigureCommand {
  cursor.need('controlfile', 'name')
  if (cursor.take('clear')) return set('SNAPSHOT CONTROLFILE NAME', null)
  cursor.need('to')
  return set('SNAPSHOT CONTROLFILE NAME', `TO ${quoted(cursor.string())}`)
}

function defaultDevice(cursor: Cursor): ConfigureCommand {
  cursor.need('device', 'type')
  if (cursor.take('clear')) return set('DEFAULT DEVICE TYPE', null)
  cursor.need('to')
  return set('DEFAULT DEVICE TYPE', `TO ${device(cursor)}`)
}

/** CONFIGURE, behind the word. */
export function parseConfigure(cursor: Cursor): ConfigureCommand {
  const command = parseSetting(cursor)
  cursor.needPunctuation(';')
  return command
}

function parseSetting(cursor: Cursor): ConfigureCommand {
  if (cursor.take('retention', 'policy')) return retention(cursor)
  if (cursor.take('backup', 'optimization')) return set('BACKUP OPTIMIZATION', onOff(cursor))
  if (cursor.take('default')) return defaultDevice(cursor)
  if (cursor.take('controlfile')) return autobackup(cursor)
  if (cursor.take('device')) return configuredDevice(cursor)
  if (cursor.take('channel')) return channel(cursor)
  if (cursor.take('snapshot')) return snapshotName(cursor)
  if (cursor.take('archivelog', 'deletion', 'policy')) return deletionPolicy(cursor)
  return cursor.fail()
}

/** SHOW, behind the word. */
export function parseShow(cursor: Cursor): Command {
  const setting = parseShown(cursor)
  cursor.needPunctuation(';')
  return { kind: 'show', setting }
}

function parseShown(cursor: Cursor): Configurable | 'ALL' {
  if (cursor.take('all')) return 'ALL'
  if (cursor.take('retention', 'policy')) return 'RETENTION POLICY'
  if (cursor.take('backup', 'optimization')) return 'BACKUP OPTIMIZATION'
  if (cursor.take('default', 'device', 'type')) return 'DEFAULT DEVICE TYPE'
  if (cursor.take('controlfile', 'autobackup')) return cursor.take('format') ? 'CONTROLFILE AUTOBACKUP FORMAT' : 'CONTROLFILE AUTOBACKUP'
  if (cursor.take('device', 'type')) return 'DEVICE TYPE'
  if (cursor.take('channel')) return 'CHANNEL'
  if (cursor.take('snapshot', 'controlfile', 'name')) return 'SNAPSHOT CONTROLFILE NAME'
  if (cursor.take('archivelog', 'deletion', 'policy')) return 'ARCHIVELOG DELETION POLICY'
  return cursor.fail()
}
