import { blockScn, blockType, blockTypeOf, isUnlogged } from '../storage/block.ts'
import { Datafile } from '../storage/datafile.ts'
import { LongOperation, scanBlocks } from './backup-input.ts'
import { rowsHoldTogether } from './block-rows.ts'
import { named } from './file-verification.ts'
import type { BlockCounts, BlockFailure, ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { ora } from './ora-error.ts'
import type { DatafileRecord } from './records.ts'

const kindOf = (type: number): 'data' | 'index' | 'other' => (type === blockType.data ? 'data' : type === blockType.index ? 'index' : 'other')

/** Reads every block of a datafile and checks it. @throws OraError 01157, 01122 when there is no datafile to read */
export async function validateDatafile(kernel: Kernel, record: DatafileRecord, checkLogical: boolean, session: ServerSession): Promise<BlockCounts> {
  let datafile: Datafile | undefined
  try {
    datafile = await Datafile.open(kernel.host.real(record.name), 'r')
  } catch {
    throw ora(1157, `cannot identify/lock data file ${record.file} - see DBWR trace file`, named(record))
  }
  if (datafile === undefined) throw ora(1122, `database file ${record.file} failed verification check`, named(record), [1210, 'data file header is media corrupt'])
  // Block 1, the header, was checked when the file was opened.
  const counts = { empty: 0, data: 0, index: 0, other: 1 }
  const failing = { data: 0, index: 0, other: 0 }
  const failures: BlockFailure[] = []
  let highScn = 0n
  try {
    const progress = new LongOperation(kernel, session, 'RMAN: full datafile backup', datafile.header.blocks)
    for await (const run of scanBlocks(datafile, undefined, 0, session.abort)) {
      for (const { block, bytes, defect, scn } of run) {
        const type = blockTypeOf(bytes)
        if (defect === null && isUnlogged(bytes)) {
          // Marked by recovery: known, not failing.
          failures.push({ block, type: 'NOLOGGING', scn })
          counts[kindOf(type)] += 1
          if (scn > highScn) highScn = scn
          continue
        }
        // Rows of an encrypted block are not looked into: validation has no keys.
        const logical = defect === null && checkLogical && datafile.header.encryption === undefined && (type === blockType.data || type === blockType.index) && !rowsHoldTogether(bytes)
        if (defect !== null || logical) {
          failures.push({ block, type: defect ?? 'LOGICAL', scn: defect === 'CHECKSUM' && bytes.length === datafile.blockSize ? blockScn(bytes) : scn })
          failing[defect === 'ALL ZERO' || defect === 'CORRUPT' ? 'other' : kindOf(type)] += 1
        }
        if (scn > highScn) highScn = scn
        if (defect === null && type === blockType.empty) counts.empty += 1
        else counts[defect === 'ALL ZERO' || defect === 'CORRUPT' ? 'other' : kindOf(type)] += 1
      }
      await progress.advance(run.length)
    }
    return { examined: datafile.header.blocks, ...counts, failing, highScn, failures }
  } finally {
    await datafile.close()
  }
}
