import type { Command } from '../grammar/ast.ts'
import type { RmanReply } from '../request.ts'
import { useChannels } from './channels.ts'
import { retentionPolicy } from './configuration.ts'
import { withoutProtected } from './log-protection.ts'
import { obsoleteFiles, obsoleteTable } from './obsolete.ts'
import { fileLine, forget, kindName, typeName, nothingMatches, pathOf, selectObjects } from './repository-objects.ts'
import type { RepositoryFile } from './repository-objects.ts'
import { fileTables } from './tables.ts'
import type { Work } from './work.ts'

export const question = 'Do you really want to delete the above objects (enter YES or NO)?'

/** DELETE of objects. Asks first unless NOPROMPT; keeps what the deletion policy protects unless FORCE. */
export async function deleteObjects(work: Work, command: Extract<Command, { kind: 'delete' }>): Promise<RmanReply> {
  const { emit } = work
  const first = work.answer === null
  if (first) useChannels(work, command.objects.kind === 'archivelog')
  const selected = selectObjects(work, command.objects).filter((file) => !command.expired || file.record.status === 'X')
  if (selected.length === 0) {
    emit(nothingMatches(command.objects))
    return { question: null }
  }
  const files = command.force ? selected : withoutProtected(work, selected)
  if (files.length === 0) return { question: null }
  if (first) for (const line of fileTables(work, files)) emit(line)
  if (!command.noprompt && work.answer !== true) return { question: first ? question : null }
  await deleteFiles(work, files, { force: command.force, expired: command.expired })
  return { question: null }
}

/** Removes files and their records. An available file that is missing is a mismatch: it needs CROSSCHECK or FORCE. */
export async function deleteFiles(work: Work, files: readonly RepositoryFile[], options: { readonly force: boolean; readonly expired: boolean }): Promise<void> {
  const { instance, emit } = work
  const deleted: RepositoryFile[] = []
  const mismatched: RepositoryFile[] = []
  for (const file of files) {
    const exists = await instance.fileExists(pathOf(file))
    const expected = file.record.status !== 'X'
    if (!options.force && (options.expired ? exists : exists !== expected && expected)) {
      mismatched.push(file)
      continue
    }
    if (exists) await instance.removeFile(pathOf(file))
    emit(`deleted ${kindName(file)}`)
    emit(fileLine(file))
    deleted.push(file)
    await forget(work, [file])
  }
  if (deleted.length > 0) {
    emit(`Deleted ${deleted.length}${options.expired ? ' EXPIRED' : ''} objects`)
    emit('')
  }
  if (mismatched.length > 0) reportMismatched(work, mismatched)
}

function reportMismatched(work: Work, files: readonly RepositoryFile[]): void {
  const { emit } = work
  work.warnings = true
  emit('')
  emit(`RMAN-06207: WARNING: ${files.length} objects could not be deleted for DISK channel(s) due`)
  emit('RMAN-06208:          to mismatched status.  Use CROSSCHECK command to fix status')
  emit('RMAN-06210: List of Mismatched objects')
  emit('RMAN-06211: ==========================')
  emit('RMAN-06212:   Object Type   Filename/Handle')
  emit('RMAN-06213: --------------- ---------------------------------------------------')
  for (const file of files) emit(`RMAN-06214: ${typeName(file).padEnd(15)} ${pathOf(file)}`)
}

/** DELETE OBSOLETE by the clause of the command, else by the configured policy. */
export async function deleteObsolete(work: Work, command: Extract<Command, { kind: 'delete-obsolete' }>): Promise<RmanReply> {
  const { emit, instance } = work
  const first = work.answer === null
  const own = command.windowDays !== null || command.redundancy !== null
  const policy = own ? command : retentionPolicy(instance)
  if (first) {
    if (!own) {
      emit('RMAN retention policy will be applied to the command')
      emit(`RMAN retention policy is set to ${policy.windowDays === null ? `redundancy ${policy.redundancy ?? 1}` : `recovery window of ${policy.windowDays} days`}`)
    }
    useChannels(work)
  }
  const files = obsoleteFiles(work, policy)
  if (files.length === 0) {
    emit('no obsolete backups found')
    return { question: null }
  }
  if (first) {
    emit('Deleting the following obsolete backups and copies:')
    for (const line of obsoleteTable(work, files)) emit(line)
  }
  if (!command.noprompt && work.answer !== true) return { question: first ? question : null }
  await deleteFiles(work, files, { force: false, expired: false })
  return { question: null }
}

