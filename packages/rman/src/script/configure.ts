import { rmanErrors } from '../errors.ts'
import { lines, rmanFormat, rmanInteger, rmanString } from './quoting.ts'

export type ArchivelogDeletionPolicy = 'none' | 'applied-on-all-standby'

/** Persistent RMAN settings. Absent: left as it is. */
export interface RmanSettings {
  readonly deletionPolicy?: ArchivelogDeletionPolicy
  /** RMAN refuses this one on a standby (RMAN-05021). */
  readonly recoveryWindowDays?: number
  readonly backupOptimization?: boolean
  readonly diskIsDefault?: boolean
  readonly controlfileAutobackup?: boolean
  /** Directory of the autobackups; the name is `%F`, which RMAN wants so that it can find them without a repository. */
  readonly autobackupDirectory?: string
  readonly parallel?: number
  /** Directory of what is written without a channel of its own. */
  readonly channelDirectory?: string
  /** Shared between the instances of a cluster (otherwise ORA-00245), local otherwise. */
  readonly snapshotControlfile?: string
}

/** One CONFIGURE command, split as V$RMAN_CONFIGURATION has it: `CONFIGURE <name> <value>`. */
export interface RmanSetting {
  readonly name: string
  readonly value: string
}

/** The settings as name and value, in a fixed order; comparable with V$RMAN_CONFIGURATION after {@link normaliseSetting}. */
export function settingsOf(settings: RmanSettings): readonly RmanSetting[] {
  const result: RmanSetting[] = []
  const add = (name: string, value: string): void => void result.push({ name, value })
  if (settings.deletionPolicy !== undefined) add('ARCHIVELOG DELETION POLICY', settings.deletionPolicy === 'none' ? 'TO NONE' : 'TO APPLIED ON ALL STANDBY')
  if (settings.recoveryWindowDays !== undefined) add('RETENTION POLICY', `TO RECOVERY WINDOW OF ${rmanInteger(settings.recoveryWindowDays, 'the recovery window')} DAYS`)
  if (settings.backupOptimization !== undefined) add('BACKUP OPTIMIZATION', settings.backupOptimization ? 'ON' : 'OFF')
  if (settings.diskIsDefault === true) add('DEFAULT DEVICE TYPE', 'TO DISK')
  if (settings.controlfileAutobackup !== undefined) add('CONTROLFILE AUTOBACKUP', settings.controlfileAutobackup ? 'ON' : 'OFF')
  if (settings.parallel !== undefined) add('DEVICE TYPE', `DISK PARALLELISM ${rmanInteger(settings.parallel, 'the number of channels')} BACKUP TYPE TO BACKUPSET`)
  if (settings.channelDirectory !== undefined) add('CHANNEL', `DEVICE TYPE DISK FORMAT ${rmanFormat(settings.channelDirectory, '%U', 'the directory of the channel')}`)
  if (settings.autobackupDirectory !== undefined) {
    add('CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE', `DISK TO ${rmanFormat(settings.autobackupDirectory, '%F', 'the directory of the autobackups')}`)
  }
  if (settings.snapshotControlfile !== undefined) add('SNAPSHOT CONTROLFILE NAME', `TO ${rmanString(settings.snapshotControlfile, 'the snapshot control file')}`)
  return result
}

/** Name and value with single spaces; upper case outside quotes, so that two spellings of one setting are equal. */
export function normaliseSetting(setting: RmanSetting): string {
  const text = `${setting.name} ${setting.value}`.trim()
  return text
    .split(/('[^']*')/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/\s+/g, ' ').toUpperCase()))
    .join('')
}

/** CONFIGURE commands; they are persistent and change what every other RMAN user of the database gets. */
export function configureScript(settings: RmanSettings): string {
  return lines(settingsOf(settings).map(configureCommand))
}

/** CONFIGURE commands for settings that were saved before, as V$RMAN_CONFIGURATION had them. @throws ICB_RMAN_SCRIPT for a text that is no single setting. */
export function restoreConfigurationScript(settings: readonly RmanSetting[]): string {
  return lines(settings.map(configureCommand))
}

/** RMAN's way back to its own defaults, for the settings that {@link settingsOf} makes. */
export function clearSettingsScript(names: readonly string[]): string {
  return lines(
    names.map((name) => {
      if (name === 'DEVICE TYPE') return 'CONFIGURE DEVICE TYPE DISK CLEAR;'
      if (name === 'CHANNEL') return 'CONFIGURE CHANNEL DEVICE TYPE DISK CLEAR;'
      if (name === 'CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE') return 'CONFIGURE CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE DISK CLEAR;'
      if (!/^[A-Z][A-Z ]{2,60}$/.test(name)) throw rmanErrors.SCRIPT(`${JSON.stringify(name)} is no setting of RMAN`)
      return `CONFIGURE ${name} CLEAR;`
    }),
  )
}

function configureCommand(setting: RmanSetting): string {
  const text = `${setting.name} ${setting.value}`.trim()
  // Outside quotes only words, numbers and spaces: neither a second command nor a comment can be hidden in a value.
  const outside = text.replace(/'[^'\r\n]*'/g, '')
  if (!/^[\w %.,]+$/.test(outside)) throw rmanErrors.SCRIPT(`${JSON.stringify(text)} is no single setting of RMAN`)
  return `CONFIGURE ${text};`
}
