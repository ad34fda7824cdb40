import { rmanError } from '../../engine/ora-error.ts'
import type { BackupCommand } from '../grammar/ast.ts'
import { backupArchivelogs } from './archivelog-backups.ts'
import { takeSnapshotControlfile } from './autobackup.ts'
import { backupDatafiles } from './backup-datafiles.ts'
import { backupMetadata } from './backup-sets.ts'
import { runOnChannels, useChannels } from './channels.ts'
import { configuredAsCopy } from './configuration.ts'
import { copyControlfile } from './controlfile-copies.ts'
import { copyOfCopy } from './datafile-copies.ts'
import { defaultTag } from './names.ts'
import { filesOf } from './repository.ts'
import { validateBackupInput } from './validate.ts'
import { date } from './work.ts'
import type { Channel, Work } from './work.ts'

/** BACKUP in all its forms. */
export async function backup(work: Work, command: BackupCommand): Promise<void> {
  if (command.validate) {
    await validateBackupInput(work, command)
    return
  }
  if (!command.plusArchivelog) {
    await backupOnce(work, command)
    return
  }
  const logs: BackupCommand = { ...command, object: { kind: 'archivelog', selection: { thread: null, range: { kind: 'all' } } }, incrementalLevel: null, forRecoverOfCopy: null, sectionSize: null, plusArchivelog: false, includeControlfile: false }
  await backupOnce(work, logs)
  work.emit('')
  await backupOnce(work, { ...command, plusArchivelog: false, notBackedUp: null, deleteInput: null })
  work.emit('')
  await backupOnce(work, { ...logs, notBackedUp: 1 })
}

async function backupOnce(work: Work, command: BackupCommand): Promise<void> {
  const { emit, instance } = work
  emit(`Starting backup at ${date(work)}`)
  const channels = useChannels(work)
  const named = command.channel === null ? channels : channels.filter((channel) => channel.name === command.channel)
  if (named.length === 0) throw rmanError(6012, `channel: ${command.channel ?? ''} not allocated`)
  const asCopy = command.as === 'copy' || (command.as === null && configuredAsCopy(instance))
  checkSections(work, command, named)
  const tag = command.tag ?? defaultTag(instance)
  switch (command.object.kind) {
    case 'spfile':
      await runOnChannels(work, named.slice(0, 1), ['spfile'] as const, 'backup', (kind, channel) => backupMetadata(work, channel, kind, { format: command.format, tag, reuse: command.reuse }))
      break
    case 'current-controlfile':
      await runOnChannels(work, named.slice(0, 1), ['controlfile'] as const, 'backup', (kind, channel) => backupControlfile(work, command, channel, kind, { asCopy, tag }))
      break
    case 'archivelog':
      await backupArchivelogs(work, command, command.object.selection, named, { asCopy, tag })
      break
    case 'copy-of-database':
      await copyOfCopy(work, command, command.object.fromTag, named, tag)
      break
    default:
      await backupDatafiles(work, command, filesOf(work.instance, command.object), named, { asCopy, tag })
  }
  emit(`Finished backup at ${date(work)}`)
  work.state.autobackupDue = true
}

async function backupControlfile(work: Work, command: BackupCommand, channel: Channel, kind: 'controlfile', { asCopy, tag }: { readonly asCopy: boolean; readonly tag: string }): Promise<void> {
  await takeSnapshotControlfile(work)
  if (asCopy) await copyControlfile(work, channel, { format: command.format, tag, reuse: command.reuse })
  else await backupMetadata(work, channel, kind, { format: command.format, tag, reuse: command.reuse })
}

/** @throws OraError RMAN-06808 with a channel's MAXPIECESIZE; before 12.1 RMAN-06580 for image copies */
function checkSections(work: Work, command: BackupCommand, channels: readonly Channel[]): void {
  if (command.sectionSize === null) return
  if (channels.some((channel) => channel.maxPieceSize !== null)) throw rmanError(6808, 'SECTION SIZE cannot be used when piece limit is in effect')
  if (command.as === 'copy' && Number(work.instance.release.split('.')[0]) < 12) throw rmanError(6580, 'the SECBYTES option cannot be used with AS COPY')
}
