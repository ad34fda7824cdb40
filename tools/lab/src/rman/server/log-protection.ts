import { deletionNeedsBackups, deletionPolicyIsInvalid, neededByStandby } from './configuration.ts'
import { backupsOfLog } from './repository.ts'
import type { RepositoryFile } from './repository-objects.ts'
import type { Work } from './work.ts'

/** Logs stay that a standby still needs (RMAN-08120, RMAN-08137) that the deletion policy wants backed up more often (RMAN-08138), or that a guaranteed restore point needs (RMAN-08139). */
export function withoutProtected(work: Work, files: readonly RepositoryFile[]): RepositoryFile[] {
  if (files.some((file) => file.kind === 'log') && deletionPolicyIsInvalid(work.instance)) {
    work.emit('RMAN-08591: WARNING: invalid archived log deletion policy')
    work.warnings = true
  }
  const data = work.instance.controlFile
  const needed = deletionNeedsBackups(work.instance)
  return files.filter((file) => {
    if (file.kind !== 'log') return true
    const standby = neededByStandby(work.instance, file.record)
    const reason =
      standby === 'not applied' ? 'RMAN-08120: WARNING: archived log not deleted, not yet applied by standby'
      : standby === 'needed' ? 'RMAN-08137: WARNING: archived log not deleted, needed for standby or upstream capture process'
      : backupsOfLog(data, file.record) < needed ? 'RMAN-08138: WARNING: archived log not deleted - must create more backups'
      : data.restorePoints?.some((point) => point.guaranteed && point.scn < file.record.nextScn) === true ? 'RMAN-08139: WARNING: archived redo log not deleted, needed for guaranteed restore point'
      : undefined
    if (reason === undefined) return true
    work.emit(reason)
    work.emit(`archived log file name=${file.record.name} thread=${file.record.thread} sequence=${file.record.sequence}`)
    work.warnings = true
    return false
  })
}
