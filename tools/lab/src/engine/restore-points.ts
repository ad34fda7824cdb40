import { createFile, removeFile } from '../storage/file-io.ts'
import type { Kernel } from './kernel.ts'
import { omfName } from './omf.ts'
import { ora } from './ora-error.ts'
import type { ControlFileData } from './records.ts'

const guaranteed = (data: ControlFileData): boolean => data.restorePoints?.some((point) => point.guaranteed) === true

/** Whether flashback logs are written: for flashback itself, or for a guaranteed restore point alone. */
export const needsFlashbackLogs = (data: ControlFileData): boolean => data.flashbackOn || guaranteed(data)

/** The first flashback log, unless there is one. @throws OraError 02236 without a recovery area */
export async function beginFlashbackLogs(kernel: Kernel): Promise<readonly string[]> {
  const { control, host, parameters } = kernel
  if (control.data.flashbackLogs.length > 0) return control.data.flashbackLogs
  const name = omfName(parameters, 'flashback', '')
  const handle = await createFile(host.real(name), { parents: true })
  await handle.truncate(1024 * 1024)
  await handle.close()
  return [name]
}

/** Removes the flashback logs when nobody needs them any more. */
export async function endFlashbackLogs({ control, host }: Kernel): Promise<void> {
  if (needsFlashbackLogs(control.data)) return
  const logs = [...control.data.flashbackLogs]
  await control.update((data) => { data.flashbackLogs = [] })
  for (const log of logs) await removeFile(host.real(log))
}

/** @throws OraError 38778 when there is one of the name; 38784 with the cause where it cannot be guaranteed */
export async function createRestorePoint(kernel: Kernel, name: string, isGuaranteed: boolean): Promise<void> {
  const { control, host, parameters, scn } = kernel
  if (control.data.restorePoints?.some((point) => point.name === name) === true) throw ora(38778, `Restore point '${name}' already exists.`)
  const refused = (number: number, text: string): Error => ora(38784, `Cannot create restore point '${name}'.`, [number, text])
  if (isGuaranteed && parameters.get('db_recovery_file_dest') === '') throw refused(38786, 'Recovery area is not enabled.')
  if (isGuaranteed && control.data.logMode !== 'ARCHIVELOG') throw refused(38785, 'Media recovery must be enabled for guaranteed restore point.')
  const flashbackLogs = isGuaranteed ? await beginFlashbackLogs(kernel) : undefined
  await control.update((data) => {
    const incarnation = data.incarnations.find((one) => one.status === 'CURRENT')?.incarnation ?? 1
    data.restorePoints = [...(data.restorePoints ?? []), { name, scn: scn.current, time: host.now(), guaranteed: isGuaranteed, incarnation }]
    if (flashbackLogs !== undefined) data.flashbackLogs = [...flashbackLogs]
  })
}

/** @throws OraError 38780 */
export async function dropRestorePoint(kernel: Kernel, name: string): Promise<void> {
  const { control } = kernel
  if (control.data.restorePoints?.some((point) => point.name === name) !== true) throw ora(38780, `Restore point '${name}' does not exist.`)
  await control.update((data) => { data.restorePoints = (data.restorePoints ?? []).filter((point) => point.name !== name) })
  await endFlashbackLogs(kernel)
}
