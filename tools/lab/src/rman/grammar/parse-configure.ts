import type { Command, ConfigureCommand, SettingName } from './ast.ts'
import type { Cursor } from './cursor.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

function setting(name: SettingName, value: string | null, subject = ''): ConfigureCommand {
  return { kind: 'configure', name, subject, value }
}

function onOff(cursor: Cursor): string | null {
  if (cursor.take('clear')) return null
  if (cursor.take('on')) return 'ON'
  if (cursor.take('off')) return 'OFF'
  return cursor.fail()
}

/** A device as RMAN prints it: `DISK`, `'SBT_TAPE'`. */
export function parseDevice(cursor: Cursor): string {
  if (cursor.take('disk')) return 'DISK'
  if (cursor.take('sbt') || cursor.take('sbt_tape')) return "'SBT_TAPE'"
  const { token } = cursor
  if (token.type === 'string' && /^sbt(_tape)?$/i.test(token.text)) {
    cursor.advance()
    return "'SBT_TAPE'"
  }
  return cursor.fail()
}

function retention(cursor: Cursor): ConfigureCommand {
  if (cursor.take('clear')) return setting('RETENTION POLICY', null)
  cursor.need('to')
  if (cursor.take('none')) return setting('RETENTION POLICY', 'TO NONE')
  if (cursor.take('redundancy')) return setting('RETENTION POLICY', `TO REDUNDANCY ${cursor.integer()}`)
  cursor.need('recovery', 'window', 'of')
  const days = cursor.integer()
  cursor.need('days')
  return setting('RETENTION POLICY', `TO RECOVERY WINDOW OF ${days} DAYS`)
}

function deletionPolicy(cursor: Cursor): ConfigureCommand {
  if (cursor.take('clear')) return setting('ARCHIVELOG DELETION POLICY', null)
  cursor.need('to')
  if (cursor.take('none')) return setting('ARCHIVELOG DELETION POLICY', 'TO NONE')
  if (cursor.take('backed', 'up')) {
    const times = cursor.integer()
    cursor.need('times', 'to')
    cursor.take('device', 'type')
    return setting('ARCHIVELOG DELETION POLICY', `TO BACKED UP ${times} TIMES TO ${parseDevice(cursor)}`)
  }
  const verb = cursor.take('applied') ? 'APPLIED ON' : cursor.take('shipped') ? 'SHIPPED TO' : cursor.fail()
  cursor.need(verb === 'APPLIED ON' ? 'on' : 'to')
  const all = cursor.take('all') ? 'ALL ' : ''
  cursor.need('standby')
  return setting('ARCHIVELOG DELETION POLICY', `TO ${verb} ${all}STANDBY`)
}

function autobackup(cursor: Cursor): ConfigureCommand {
  if (!cursor.take('format')) return setting('CONTROLFILE AUTOBACKUP', onOff(cursor))
  cursor.need('for', 'device', 'type')
  const device = parseDevice(cursor)
  const name = 'CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE'
  if (cursor.take('clear')) return setting(name, null, device)
  cursor.need('to')
  return setting(name, `${device} TO ${quoted(cursor.string())}`, device)
}

function deviceType(cursor: Cursor): ConfigureCommand {
  const device = parseDevice(cursor)
  if (cursor.take('clear')) return setting('DEVICE TYPE', null, device)
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
  return setting('DEVICE TYPE', `${device} PARALLELISM ${parallelism ?? 1} BACKUP TYPE TO ${backupType ?? 'BACKUPSET'}`, device)
}

function channel(cursor: Cursor): ConfigureCommand {
  const number = cursor.takeInteger()
  cursor.need('device', 'type')
  const subject = `${number === undefined ? '' : `${number} `}DEVICE TYPE ${parseDevice(cursor)}`
  if (cursor.take('clear')) return setting('CHANNEL', null, subject)
  let text = ''
  const seen = new Set<string>()
  const once = (keyword: string): boolean => !seen.has(keyword) && cursor.take(keyword) && seen.add(keyword).size > 0
  for (;;) {
    // RMAN prints and stores three blanks before the format.
    if (once('format')) text += ` FORMAT   ${quoted(cursor.string())}`
    else if (once('parms')) text += ` PARMS  ${quoted(cursor.string())}`
    else if (once('maxpiecesize')) text += ` MAXPIECESIZE ${sizeText(cursor)}`
    else if (once('rate')) text += ` RATE ${sizeText(cursor)}`
    else if (once('maxopenfiles')) text += ` MAXOPENFILES ${cursor.integer()}`
    else break
  }
  if (text === '') cursor.fail()
  return setting('CHANNEL', `${subject}${text}`, subject)
}

function sizeText(cursor: Cursor): string {
  const { token } = cursor
  cursor.size()
  return token.type === 'integer' ? `${token.text} ${token.suffix}`.trim() : ''
}

function snapshotName(cursor: Cursor): ConfigureCommand {
  if (cursor.take('clear')) return setting('SNAPSHOT CONTROLFILE NAME', null)
  cursor.need('to')
  return setting('SNAPSHOT CONTROLFILE NAME', `TO ${quoted(cursor.string())}`)
}

function defaultDevice(cursor: Cursor): ConfigureCommand {
  if (cursor.take('clear')) return setting('DEFAULT DEVICE TYPE', null)
  cursor.need('to')
  return setting('DEFAULT DEVICE TYPE', `TO ${parseDevice(cursor)}`)
}

/** CONFIGURE, behind the word. */
export function parseConfigure(cursor: Cursor): ConfigureCommand {
  const command = parseSetting(cursor)
  cursor.needPunctuation(';')
  return command
}

function parseSetting(cursor: Cursor): ConfigureCommand {
  if (cursor.take('retention', 'policy')) return retention(cursor)
  if (cursor.take('backup', 'optimization')) return setting('BACKUP OPTIMIZATION', onOff(cursor))
  if (cursor.take('default', 'device', 'type')) return defaultDevice(cursor)
  if (cursor.take('controlfile', 'autobackup')) return autobackup(cursor)
  if (cursor.take('device', 'type')) return deviceType(cursor)
  if (cursor.take('channel')) return channel(cursor)
  if (cursor.take('snapshot', 'controlfile', 'name')) return snapshotName(cursor)
  if (cursor.take('archivelog', 'deletion', 'policy')) return deletionPolicy(cursor)
  return cursor.fail()
}

/** SHOW, behind the word. */
export function parseShow(cursor: Cursor): Command {
  const shown = parseShown(cursor)
  cursor.needPunctuation(';')
  return { kind: 'show', setting: shown }
}

function parseShown(cursor: Cursor): SettingName | 'ALL' {
  if (cursor.take('all')) return 'ALL'
  if (cursor.take('retention', 'policy')) return 'RETENTION POLICY'
  if (cursor.take('backup', 'optimization')) return 'BACKUP OPTIMIZATION'
  if (cursor.take('default', 'device', 'type')) return 'DEFAULT DEVICE TYPE'
  if (cursor.take('controlfile', 'autobackup')) return cursor.take('format') ? 'CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE' : 'CONTROLFILE AUTOBACKUP'
  if (cursor.take('device', 'type')) return 'DEVICE TYPE'
  if (cursor.take('channel')) return 'CHANNEL'
  if (cursor.take('snapshot', 'controlfile', 'name')) return 'SNAPSHOT CONTROLFILE NAME'
  if (cursor.take('archivelog', 'deletion', 'policy')) return 'ARCHIVELOG DELETION POLICY'
  return cursor.fail()
}
