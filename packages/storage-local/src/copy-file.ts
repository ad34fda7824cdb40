import { constants, copyFile, open } from 'node:fs/promises'

/** Copies contents only; the target must not exist. */
export type FileCopier = (source: string, target: string, signal: AbortSignal | undefined) => Promise<void>

/** Shares the blocks. COPYFILE_FICLONE without FORCE would silently fall back to copying. */
export const reflinkFile: FileCopier = async (source, target) => {
  await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
}

const chunkBytes = 1 << 20
const zeros = Buffer.alloc(chunkBytes)

/** Copies block by block, so that it can be aborted inside a large file; blocks of zeros become holes. */
export const streamFile: FileCopier = async (source, target, signal) => {
  await using from = await open(source, 'r')
  await using to = await open(target, 'wx', 0o600)
  const buffer = Buffer.allocUnsafe(chunkBytes)
  let position = 0
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await from.read(buffer, 0, chunkBytes, position)
    if (bytesRead === 0) break
    const chunk = buffer.subarray(0, bytesRead)
    if (!chunk.equals(zeros.subarray(0, bytesRead))) await writeWhole(to, chunk, position)
    position += bytesRead
  }
  await to.truncate(position)
}

/** One write call may write less than asked. */
async function writeWhole(to: Awaited<ReturnType<typeof open>>, chunk: Buffer, position: number): Promise<void> {
  for (let written = 0; written < chunk.length; ) written += (await to.write(chunk, written, chunk.length - written, position + written)).bytesWritten
}
