import path from 'node:path'
import type { Instance } from '../../engine/instance-api.ts'
import type { ArchivedLogRecord } from '../../engine/records.ts'
import type { SettingName } from '../grammar/ast.ts'

/** ORACLE_HOME/dbs of the instance's host. */
export function homeDbs(instance: Instance): string {
  return path.join(instance.host.labDir, 'hosts', instance.host.name, 'home', 'dbs')
}

/** The snapshot control file that nobody configured. */
export function snapshotDefault(instance: Instance): string {
  return path.join(homeDbs(instance), `snapcf_${instance.sid}.f`)
}

/** Where RMAN writes its snapshot of the control file. */
export function snapshotControlfile(instance: Instance): string {
  return instance.controlFile.snapshotControlfile ?? snapshotDefault(instance)
}

/** Whether a stored value is about a subject (`DISK`, `1 DEVICE TYPE DISK`). */
export function isSubject(value: string, subject: string): boolean {
  return subject === '' || value === subject || value.startsWith(`${subject} `)
}

/** The stored value of a setting; `undefined` when it has its default. */
export function stored(instance: Instance, name: SettingName, subject = ''): string | undefined {
  if (name === 'SNAPSHOT CONTROLFILE NAME') {
    const file = instance.controlFile.snapshotControlfile
    return file === undefined ? undefined : `TO '${file}'`
  }
  return instance.controlFile.rmanConfiguration.find((record) => record.name === name && isSubject(record.value, subject))?.value
}

/** The quoted text at the end of a value. */
export function quotedText(value: string): string | null {
  const text = /'((?:[^']|'')*)'\s*$/.exec(value)?.[1]
  return text === undefined ? null : text.replaceAll("''", "'")
}

/** CONFIGURE DEVICE TYPE DISK PARALLELISM. */
export function parallelism(instance: Instance): number {
  return Number(/PARALLELISM (\d+)/.exec(stored(instance, 'DEVICE TYPE', 'DISK') ?? '')?.[1] ?? 1)
}

/** What is configured for an automatic channel: its own setting before the one for all. */
function channelSetting(instance: Instance, number: number): string {
  return stored(instance, 'CHANNEL', `${number} DEVICE TYPE DISK`) ?? stored(instance, 'CHANNEL', 'DEVICE TYPE DISK') ?? ''
}

/** FORMAT of an automatic channel. */
export function channelFormat(instance: Instance, number: number): string | null {
  return /FORMAT\s+'((?:[^']|'')*)'/.exec(channelSetting(instance, number))?.[1]?.replaceAll("''", "'") ?? null
}

/** MAXPIECESIZE of an automatic channel, as it was written. */
export function channelMaxPieceSize(instance: Instance, number: number): string | null {
  return /MAXPIECESIZE (\d+ ?[KMG]?)/.exec(channelSetting(instance, number))?.[1] ?? null
}

/** Whether backups on disk are image copies unless a command says otherwise. */
export function configuredAsCopy(instance: Instance): boolean {
  return /BACKUP TYPE TO COPY/.test(stored(instance, 'DEVICE TYPE', 'DISK') ?? '')
}

/** CONFIGURE BACKUP OPTIMIZATION ON. */
export function optimizes(instance: Instance): boolean {
  return stored(instance, 'BACKUP OPTIMIZATION') === 'ON'
}

/** Whether the release backs the control file up by itself unless told otherwise. */
export function autobackupByDefault(instance: Instance): boolean {
  return Number(/^\d+\.\d+/.exec(instance.release)?.[0] ?? 12.1) >= 12.2
}

export function autobackupOn(instance: Instance): boolean {
  const value = stored(instance, 'CONTROLFILE AUTOBACKUP')
  return value === undefined ? autobackupByDefault(instance) : value === 'ON'
}

/** The configured format of control file autobackups; `null`: RMAN's own place. */
export function autobackupFormat(instance: Instance): string | null {
  return quotedText(stored(instance, 'CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE', 'DISK') ?? '')
}

/** Days of the configured recovery window, or the redundancy; both `null` for NONE. */
export function retentionPolicy(instance: Instance): { readonly windowDays: number | null; readonly redundancy: number | null } {
  const value = stored(instance, 'RETENTION POLICY') ?? 'TO REDUNDANCY 1'
  const days = /WINDOW OF (\d+)/.exec(value)?.[1]
  const redundancy = /REDUNDANCY (\d+)/.exec(value)?.[1]
  return { windowDays: days === undefined ? null : Number(days), redundancy: redundancy === undefined ? null : Number(redundancy) }
}

/** How often an archived log must be backed up before DELETE takes it; 0 when the policy does not ask. */
export function deletionNeedsBackups(instance: Instance): number {
  return Number(/BACKED UP (\d+) TIMES/.exec(stored(instance, 'ARCHIVELOG DELETION POLICY') ?? '')?.[1] ?? 0)
}


/** A deletion policy that counts on standby databases where there is none. */
export function deletionPolicyIsInvalid(instance: Instance): boolean {
  const wantsStandby = /STANDBY/.test(stored(instance, 'ARCHIVELOG DELETION POLICY') ?? '')
  return wantsStandby && instance.controlFile.type !== 'STANDBY' && !instance.archiveDestinations.some((destination) => /^SERVICE=/i.test(destination.location))
}

/** Why a standby still needs an archived log: it has not been applied, or not even sent; undefined when nobody needs it. */
export function neededByStandby(instance: Instance, log: ArchivedLogRecord): 'not applied' | 'needed' | undefined {
  const policy = /(APPLIED ON|SHIPPED TO) (ALL )?STANDBY/.exec(stored(instance, 'ARCHIVELOG DELETION POLICY') ?? '')
  const rows = instance.controlFile.archivedLogs.filter((l) => l.thread === log.thread && l.sequence === log.sequence && l.resetlogsId === log.resetlogsId)
  if (instance.controlFile.type === 'STANDBY') {
    if (rows.some((l) => l.applied === 'YES')) return undefined
    return policy === null ? 'needed' : 'not applied'
  }
  const standbys = instance.archiveDestinations.filter((d) => d.service !== null && d.status !== 'DEFERRED')
  const missing = standbys.filter((d) => !rows.some((l) => l.standby === true && l.destId === d.id && (policy?.[1] !== 'APPLIED ON' || l.applied === 'YES')))
  if (missing.length === 0) return undefined
  return policy?.[1] === 'APPLIED ON' ? 'not applied' : 'needed'
}
