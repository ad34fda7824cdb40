import { open } from 'node:fs/promises'
import type { DatafileCopyRow, DatafileRow } from '@icb/oracle'
import { below } from './area-path.ts'
import { backupErrors } from './errors.ts'

/**
 * Proves that every datafile has a copy below the area that can be read here with the size that the database reports.
 * @throws ICB_BACKUP_COPY_UNREADABLE
 */
export async function proveCopies(areaPath: string, datafiles: readonly Pick<DatafileRow, 'file'>[], copies: ReadonlyMap<number, DatafileCopyRow>): Promise<void> {
  const problems = (await Promise.all(datafiles.map(async ({ file }) => {
    const reason = await problemOf(areaPath, copies.get(file))
    return reason === undefined ? [] : [{ file, reason }]
  }))).flat()
  const [first] = problems
  if (first === undefined) return
  throw backupErrors.COPY_UNREADABLE(`the copies of ${String(problems.length)} datafiles do not stand (datafile ${String(first.file)}: ${first.reason})`, { hint: 'Nothing was deleted. Compare the mount of the area on this host and on the database host.', details: { problems } })
}

async function problemOf(areaPath: string, copy: DatafileCopyRow | undefined): Promise<string | undefined> {
  if (copy === undefined) return 'no copy with our tag'
  if (!below(areaPath, copy.name)) return `${copy.name} is outside the area`
  try {
    const file = await open(copy.name, 'r')
    try {
      const { size } = await file.stat()
      const data = copy.blocks * copy.blockSize
      // On disk a datafile has one block more than V$ views count: the file header block of the operating system.
      if (size !== data && size !== data + copy.blockSize) return `${copy.name} has ${String(size)} bytes, the database says ${String(data)}`
      const { bytesRead } = await file.read(Buffer.alloc(copy.blockSize), 0, copy.blockSize, Math.max(0, size - copy.blockSize))
      return bytesRead === Math.min(size, copy.blockSize) ? undefined : `${copy.name} cannot be read to its end`
    } finally {
      await file.close()
    }
  } catch (error) {
    return `${copy.name} cannot be read: ${(error as Error).message}`
  }
}
