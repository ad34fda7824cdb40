import type { RedoOperation } from '../storage/redo-record.ts'
import type { Kernel } from './kernel.ts'

type FileSize = Extract<RedoOperation, { op: 'file-size' }>

/** Enters the size in memory, header and control file: whoever writes either from now on writes it. A file never becomes smaller. */
export function noteFileSize({ control, files }: Pick<Kernel, 'control' | 'files'>, { file, blocks, autoextend }: FileSize): void {
  const datafile = files.has(file) ? files.get(file) : undefined
  for (const place of [datafile?.header, control.data.datafiles.find((record) => record.file === file)]) {
    if (place === undefined) continue
    if (place.blocks < blocks) Object.assign(place, { createdBlocks: place.createdBlocks ?? place.blocks, blocks })
    if (autoextend === null) delete place.autoextend
    else place.autoextend = autoextend
  }
}

/** Recovery meets it in redo: the file is as long again as it was then. */
export async function repeatFileSize(kernel: Pick<Kernel, 'control' | 'files'>, operation: FileSize, scn: bigint): Promise<void> {
  const { control, files } = kernel
  // A file of that number that is younger than this redo is another one.
  const record = control.data.datafiles.find((d) => d.file === operation.file && d.creationScn <= scn)
  if (record === undefined || !files.has(operation.file)) return
  const datafile = files.get(operation.file)
  if (datafile.header.checkpointScn > scn && datafile.header.blocks >= operation.blocks) return
  await datafile.extend(operation.blocks)
  noteFileSize(kernel, operation)
  await datafile.writeHeader(datafile.header)
  await control.update(() => undefined)
}
