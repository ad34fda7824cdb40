import type { Command } from '../grammar/ast.ts'
import { backupSetLists } from './backup-set-lists.ts'
import { useChannels } from './channels.ts'
import { changeRecords, fileLine, forget, kindName, nothingMatches, pathOf, selectObjects } from './repository-objects.ts'
import type { RepositoryFile } from './repository-objects.ts'
import { fileTables } from './tables.ts'
import { announce, date } from './work.ts'
import type { Work } from './work.ts'

/** CHANGE … UNCATALOG | AVAILABLE | UNAVAILABLE: records only, no file is touched. */
export async function change(work: Work, command: Extract<Command, { kind: 'change' }>): Promise<void> {
  const { emit } = work
  announce(work)
  const files = selectObjects(work, command.objects)
  if (files.length === 0) {
    emit(nothingMatches(command.objects))
    return
  }
  const word = { uncatalog: 'uncataloged', available: 'changed', unavailable: 'changed' }[command.action]
  const result = command.action === 'uncatalog' ? '' : ` ${command.action}`
  const lines = files.map(fileLine)
  if (command.action === 'uncatalog') await forget(work, files)
  else {
    const status = command.action === 'available' ? 'A' : 'U'
    await changeRecords(work, files, (record) => {
      record.status = status
    })
  }
  for (const [at, file] of files.entries()) {
    emit(`${word} ${kindName(file)}${result}`)
    emit(lines[at] ?? '')
  }
  emit(command.action === 'uncatalog' ? `Uncataloged ${files.length} objects` : `Changed ${files.length} objects to ${command.action.toUpperCase()} status`)
  emit('')
}

/** CROSSCHECK: a file that is there is available, one that is not is expired. */
export async function crosscheck(work: Work, command: Extract<Command, { kind: 'crosscheck' }>): Promise<void> {
  const { emit, instance } = work
  useChannels(work, command.objects.kind === 'archivelog')
  const files = selectObjects(work, command.objects).filter((file) => file.record.status !== 'U')
  if (files.length === 0) {
    emit(nothingMatches(command.objects))
    return
  }
  const there: RepositoryFile[] = []
  const gone: RepositoryFile[] = []
  for (const file of files) {
    const exists = await instance.fileExists(pathOf(file))
    ;(exists ? there : gone).push(file)
    if (file.kind === 'piece') emit(`crosschecked backup piece: found to be '${exists ? 'AVAILABLE' : 'EXPIRED'}'`)
    else emit(`validation ${exists ? 'succeeded' : 'failed'} for ${kindName(file)}`)
    emit(fileLine(file))
  }
  await changeRecords(work, there, (record) => {
    record.status = 'A'
  })
  await changeRecords(work, gone, (record) => {
    record.status = 'X'
  })
  emit(`Crosschecked ${files.length} objects`)
  emit('')
}

/** LIST. */
export function list(work: Work, command: Extract<Command, { kind: 'list' }>): void {
  const { emit, instance } = work
  announce(work)
  if (command.objects.kind === 'incarnation') {
    emit('')
    emit('List of Database Incarnations')
    const width = Math.max(10, date(work).length)
    emit(`DB Key  Inc Key DB Name  DB ID            STATUS  Reset SCN  ${'Reset Time'.padEnd(width)}`)
    emit(`------- ------- -------- ---------------- --- ---------- ${'-'.repeat(width)}`)
    for (const one of instance.controlFile.incarnations) {
      emit(`${'1'.padEnd(7)} ${String(one.incarnation).padEnd(7)} ${instance.controlFile.name.toUpperCase().padEnd(8)} ${String(instance.controlFile.dbid).padEnd(16)} ${one.status.padEnd(7)} ${one.resetlogsScn.toString().padEnd(10)} ${date(work, one.resetlogsTime)}`)
    }
    return
  }
  const files = selectObjects(work, command.objects).filter((file) => !command.expired || file.record.status === 'X')
  if (files.length === 0) {
    emit(nothingMatches(command.objects))
    return
  }
  if (command.objects.kind !== 'backuppiece') for (const line of backupSetLists(work, files, command.summary)) emit(line)
  // LIST BACKUPPIECE is a list of pieces, LIST BACKUP one of sets.
  for (const line of fileTables(work, command.objects.kind === 'backuppiece' ? files : files.filter((file) => file.kind !== 'piece'))) emit(line)
}
