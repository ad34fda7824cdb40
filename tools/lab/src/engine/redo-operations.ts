import type { RedoOperation } from '../storage/redo-record.ts'
import type { Kernel } from './kernel.ts'

/**
 * Repeats a structural change that the control file may lack after a crash: file creations and drops are written to the
 * control file before they return, so only states that may be older remain.
 */
export async function repeatOperation(kernel: Pick<Kernel, 'control'>, operation: RedoOperation, scn: bigint): Promise<void> {
  const { control } = kernel
  if (operation.op === 'read-only') {
    const pending = control.data.datafiles.some((d) => operation.files.includes(d.file) && (d.enabled === 'READ ONLY') !== operation.readOnly)
    if (!pending) return
    await control.update((data) => {
      for (const d of data.datafiles) if (operation.files.includes(d.file)) Object.assign(d, { enabled: operation.readOnly ? 'READ ONLY' : 'READ WRITE', stopScn: operation.readOnly ? scn : null })
    })
  }
  if (operation.op === 'drop-files' && control.data.datafiles.some((d) => operation.files.includes(d.file) && d.creationScn < scn)) {
    await control.update((data) => {
      data.datafiles = data.datafiles.filter((d) => !operation.files.includes(d.file) || d.creationScn >= scn)
    })
  }
}
