import type { ArchiveDestinationRow, ParameterRow, ServerParameterRow } from '@icb/oracle'
import { archivelogDirectory, withSlash } from './area-path.ts'
import { backupErrors } from './errors.ts'
import type { BackupSettings } from './settings.ts'

/** A value of LOG_ARCHIVE_DEST_n that is to be set. */
export interface DestinationChange {
  readonly id: 'archive.recovery-area' | 'archive.area' | 'archive.area-state'
  readonly title: string
  readonly from?: string
  readonly to: string
  readonly foreign: boolean
  readonly statements: readonly string[]
}

export interface DestinationFacts {
  readonly settings: Pick<BackupSettings, 'areaPath' | 'role' | 'name'>
  /** V$PARAMETER: `log_archive_dest`, `log_archive_duplex_dest`, `log_archive_dest_n`, `log_archive_dest_state_n`. */
  readonly parameters: readonly ParameterRow[]
  /** V$SPPARAMETER; empty when the instance runs from a text file. */
  readonly serverParameters: readonly ServerParameterRow[]
  readonly destinations: readonly ArchiveDestinationRow[]
  readonly recoveryArea: string | undefined
}

const slots = Array.from({ length: 10 }, (_, i) => 10 - i)

/** Names of the parameters that {@link planDestinations} looks at. */
export const destinationParameters: readonly string[] = ['log_archive_dest', 'log_archive_duplex_dest', ...slots.flatMap((n) => [`log_archive_dest_${String(n)}`, `log_archive_dest_state_${String(n)}`])]

/**
 * How the area becomes an archive destination, without taking one away: setting any LOG_ARCHIVE_DEST_n ends the implicit use of the
 * recovery area, so that one is made explicit first where it was the only local destination.
 * @throws ICB_BACKUP_REFUSED_DESTINATION
 */
export function planDestinations(facts: DestinationFacts): { readonly changes: readonly DestinationChange[]; readonly unchanged: string | undefined } {
  const { settings, destinations } = facts
  const directory = archivelogDirectory(settings.areaPath)
  const value = (name: string): string => facts.parameters.find((p) => p.name.toLowerCase() === name)?.value ?? ''
  for (const old of ['log_archive_dest', 'log_archive_duplex_dest']) {
    if (value(old) !== '') throw backupErrors.REFUSED_DESTINATION(`${settings.name} uses ${old.toUpperCase()}=${value(old)}, which excludes LOG_ARCHIVE_DEST_n`, { hint: 'Move it to a LOG_ARCHIVE_DEST_n first.' })
  }
  const set = slots.map((n) => ({ n, value: value(`log_archive_dest_${String(n)}`) })).filter((s) => s.value !== '')
  const scope = facts.serverParameters.length > 0 ? "scope=both sid='*'" : "scope=memory sid='*'"
  const own = set.find((s) => locationOf(s.value) === directory)
  if (own !== undefined) {
    const name = `LOG_ARCHIVE_DEST_${String(own.n)}`
    const state = value(`log_archive_dest_state_${String(own.n)}`)
    const changes: DestinationChange[] = []
    if (!takesRedo(own.value, settings.role)) {
      // The role that is backed up has changed since: in the database's new role this destination would get nothing.
      const to = withValidFor(own.value, settings.role)
      const ours = roles.some((role) => own.value === destinationFor(directory, role))
      changes.push({ id: 'archive.area', title: `Archive into the backup area in the role ${settings.role} (${name})`, from: own.value, to, foreign: !ours, statements: [`alter system set ${name.toLowerCase()}='${to}' ${scope}`] })
    }
    if (state !== '' && !/^enable$/i.test(state)) changes.push({ id: 'archive.area-state', title: `Enable ${name}`, from: state, to: 'enable', foreign: true, statements: [`alter system set log_archive_dest_state_${String(own.n)}=enable ${scope}`] })
    return { changes, unchanged: changes.length === 0 ? `${name}: ${own.value}` : undefined }
  }
  if (facts.recoveryArea === undefined) throw backupErrors.REFUSED_DESTINATION(`${settings.name} has no recovery area, so the backup area would be the only place of its archived logs`, { hint: 'Set DB_RECOVERY_FILE_DEST_SIZE and DB_RECOVERY_FILE_DEST.' })

  const reserved = new Set([...set.map((s) => s.n), ...facts.serverParameters.flatMap((p) => {
    const n = /^log_archive_dest_(\d+)$/i.exec(p.name)?.[1]
    return n === undefined || (p.value ?? '') === '' ? [] : [Number(n)]
  })])
  const free = slots.filter((n) => !reserved.has(n))
  const changes: DestinationChange[] = []
  const implicit = destinations.some((d) => isRecoveryArea(d.destination) && d.status === 'VALID') && !set.some((s) => isRecoveryArea(locationOf(s.value)))
  const otherLocal = set.some((s) => locationOf(s.value) !== undefined)
  if (implicit && !otherLocal) {
    const slot = free.at(-1)
    if (slot === undefined) throw noSlot(settings.name)
    free.pop()
    const to = 'LOCATION=USE_DB_RECOVERY_FILE_DEST MANDATORY'
    changes.push({ id: 'archive.recovery-area', title: `Make the recovery area an explicit archive destination (LOG_ARCHIVE_DEST_${String(slot)})`, to, foreign: false, statements: [`alter system set log_archive_dest_${String(slot)}='${to}' ${scope}`] })
  }
  const slot = free[0]
  if (slot === undefined) throw noSlot(settings.name)
  // OPTIONAL: an unreachable backup storage must not stop production.
  const to = destinationFor(directory, settings.role)
  changes.push({
    id: 'archive.area', title: `Archive into the backup area (LOG_ARCHIVE_DEST_${String(slot)})`, to, foreign: false,
    statements: [`alter system set log_archive_dest_${String(slot)}='${to}' ${scope}`, `alter system set log_archive_dest_state_${String(slot)}=enable ${scope}`],
  })
  return { changes, unchanged: undefined }
}

const roles = ['primary', 'standby', 'any'] as const satisfies readonly BackupSettings['role'][]

/** What configure sets. */
function destinationFor(directory: string, role: BackupSettings['role']): string {
  return `LOCATION=${directory} VALID_FOR=${validFor(role)} OPTIONAL REOPEN=60`
}

const validForClause = /\bvalid_for\s*=\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)/i

/** Whether a destination takes the redo of the role (Oracle Data Guard Concepts and Administration, "VALID_FOR"); without the clause it takes all. */
function takesRedo(value: string, role: BackupSettings['role']): boolean {
  const [, kind = 'ALL_LOGFILES', valid = 'ALL_ROLES'] = validForClause.exec(value) ?? []
  const covers = (prefix: string): boolean => new RegExp(`^(${prefix}|ALL)_LOGFILES?$`, 'i').test(kind)
  const allows = (name: string): boolean => new RegExp(`^(${name}_ROLE|ALL_ROLES)$`, 'i').test(valid)
  return (role === 'standby' || (covers('ONLINE') && allows('PRIMARY'))) && (role === 'primary' || (covers('STANDBY') && allows('STANDBY')))
}

function withValidFor(value: string, role: BackupSettings['role']): string {
  return validForClause.test(value) ? value.replace(validForClause, `VALID_FOR=${validFor(role)}`) : `${value} VALID_FOR=${validFor(role)}`
}

function validFor(role: BackupSettings['role']): string {
  return role === 'primary' ? '(ONLINE_LOGFILE,PRIMARY_ROLE)' : role === 'standby' ? '(STANDBY_LOGFILE,STANDBY_ROLE)' : '(ALL_LOGFILES,ALL_ROLES)'
}

/** The directory of a LOCATION destination, with its slash; `undefined` for a SERVICE. */
function locationOf(value: string): string | undefined {
  const location = /\blocation\s*=\s*("[^"]*"|'[^']*'|\S+)/i.exec(value)?.[1]?.replace(/^["']|["']$/g, '')
  return location === undefined ? undefined : isRecoveryArea(location) ? location : withSlash(location)
}

function isRecoveryArea(destination: string | null | undefined): boolean {
  return destination?.toUpperCase() === 'USE_DB_RECOVERY_FILE_DEST'
}

function noSlot(name: string): Error {
  return backupErrors.REFUSED_DESTINATION(`${name} has no free LOG_ARCHIVE_DEST_n between 1 and 10`, { hint: 'Only 1 to 10 can be local destinations; clear one that is not used.' })
}
