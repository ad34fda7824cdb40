import { Datafile } from '../storage/datafile.ts'
import { createFile, isMissing, openFile, readFully, writeFully } from '../storage/file-io.ts'
import { REDO_BLOCK, RedoCorruption, encodeRedoHeader, readRecords, readRedoHeader } from '../storage/redo-log.ts'
import { LongOperation, datafileRecord, openForBackup, refuseCorrupt, scanBlocks } from './backup-input.ts'
import type { CopyResult, ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { isOmf } from './omf.ts'
import { ora } from './ora-error.ts'
import { createFailed } from './os-error.ts'
import { createDatafile, creationHeader } from './structure.ts'

/**
 * An image copy of a datafile in use. The header is written at the end, so a copy that was interrupted is none.
 * @throws OraError 19504 destination, 19566 damaged block, 01157 source
 */
export async function copyDatafile(kernel: Kernel, file: number, destination: string, options: { readonly tag: string | null; readonly level0: boolean; readonly session: ServerSession }): Promise<CopyResult> {
  const { host } = kernel
  const input = await openForBackup(kernel, file)
  const { header } = input.datafile
  let target: Datafile | undefined
  try {
    target = await Datafile.create(host.real(destination), header, { format: false, parents: isOmf(destination) }).catch((error: unknown) => { throw createFailed(destination, error) })
    const progress = new LongOperation(kernel, options.session, 'RMAN: datafile copy', header.blocks)
    let highest = 0n
    for await (const run of scanBlocks(input.datafile, undefined, 0, options.session.abort)) {
      for (const scanned of run) {
        if (scanned.defect !== null) await refuseCorrupt(kernel, input.record, scanned)
        if (scanned.scn > highest) highest = scanned.scn
      }
      await target.writeBlocks(run[0]?.block ?? 2, Buffer.concat(run.map((s) => s.bytes)))
      await progress.advance(run.length)
    }
    const absoluteFuzzyScn = highest >= input.checkpointScn ? highest : 0n
    if (host.lab.fsync) await target.sync()
    await target.writeHeader({
      ...header, fuzzy: header.fuzzy && kernel.logWriter.header === undefined, absoluteFuzzyScn,
      copy: { tag: options.tag, incrementalLevel: options.level0 ? 0 : null, completionTime: host.now() },
    })
    if (host.lab.fsync) await target.sync()
    return { checkpointScn: input.checkpointScn, checkpointTime: input.checkpointTime, absoluteFuzzyScn, blocks: header.blocks }
  } finally {
    await target?.close()
    await input.close()
  }
}

/** A copy of an archived log, read through and checked. @throws OraError 19505, 19504, 00354 */
export async function copyArchivedLog(kernel: Kernel, source: string, destination: string): Promise<void> {
  const { host } = kernel
  const found = await readRedoHeader(host.real(source)).catch((error: unknown) => {
    if (!isMissing(error)) throw error
    throw ora(19505, `failed to identify file "${source}"`, [27037, 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory'])
  })
  if (found?.header.bytes === undefined || found.header.bytes === null) throw ora(19505, `failed to identify file "${source}"`, [334, `archived log: '${source}'`])
  try {
    await checkRecords(host.real(source))
  } catch (error) {
    if (error instanceof RedoCorruption) throw ora(354, 'corrupt redo log block header', [353, `log corruption near block ${error.redoBlock}`], [334, `archived log: '${source}'`])
    throw error
  }
  const input = await openFile(host.real(source), 'r')
  const output = await createFile(host.real(destination), { parents: isOmf(destination) }).catch(async (error: unknown) => {
    await input.close()
    throw createFailed(destination, error)
  })
  try {
    const length = Math.ceil(found.header.bytes / REDO_BLOCK) * REDO_BLOCK
    for (let at = REDO_BLOCK; at < length; at += 256 * 1024) {
      const chunk = Buffer.alloc(Math.min(256 * 1024, length - at))
      await readFully(input, chunk, at)
      await writeFully(output, chunk, at)
    }
    if (host.lab.fsync) await output.datasync()
    await writeFully(output, encodeRedoHeader(found.header), 0)
  } finally {
    await input.close()
    await output.close()
  }
}

/** Reads a log to its end. @throws RedoCorruption */
async function checkRecords(real: string): Promise<void> {
  const records = readRecords(real)
  while ((await records.next()).done !== true);
}

/** A datafile as it was at its creation, under another name; redo since then fills it. @throws OraError 01119 */
export async function createEmptyDatafile(kernel: Kernel, file: number, path: string): Promise<void> {
  const record = datafileRecord(kernel, file)
  try {
    const datafile = await createDatafile(kernel.host.real(path), creationHeader(kernel.control.data, record), isOmf(path))
    await datafile.close()
  } catch (error) {
    throw ora(1119, `error in creating database file '${path}'`, [27040, `file create error, unable to create file\n${String(error)}`])
  }
}
