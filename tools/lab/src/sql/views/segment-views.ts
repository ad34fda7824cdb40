import type { Instance, SegmentUse } from '../../engine/instance-api.ts'
import { indexesOf, schemaName } from '../schema/names.ts'
import type { ViewContext } from '../catalog.ts'
import { defineView, type ViewRow } from './view.ts'

const defaultBlockSize = 8192

const blockSizeOf = (instance: Instance, file: number): number => instance.controlFile.datafiles.find((datafile) => datafile.file === file)?.blockSize ?? defaultBlockSize

interface Run {
  readonly file: number
  readonly first: number
  readonly blocks: number
}

/** Blocks that stand side by side in a file. */
function runsOf(blocks: SegmentUse['blocks']): Run[] {
  const runs: Run[] = []
  for (const { file, block } of [...blocks].sort((a, b) => a.file - b.file || a.block - b.block)) {
    const last = runs.at(-1)
    if (last?.file === file && last.first + last.blocks === block) runs[runs.length - 1] = { ...last, blocks: last.blocks + 1 }
    else runs.push({ file, first: block, blocks: 1 })
  }
  return runs
}

/** The lab's own table of tables has no name in Oracle; the index on a column ID goes by the name that the schema gave it. */
function segmentsOf(instance: Instance): readonly SegmentUse[] {
  return instance.segments().filter((segment) => segment.name !== '_DICTIONARY').map((segment) => {
    if (segment.type !== 'INDEX') return segment
    const table = { owner: segment.owner, name: segment.name.replace(/^I_/, '') }
    return { ...segment, name: indexesOf(instance, table).find((index) => index.definition.columns.join() === 'ID')?.name ?? segment.name }
  })
}

function segmentRows({ instance }: ViewContext): (ViewRow & { readonly OWNER: string })[] {
  return segmentsOf(instance).flatMap((segment) => {
    const runs = runsOf(segment.blocks)
    const [first] = runs
    // Segments are created with their first row.
    if (first === undefined) return []
    const blocks = segment.blocks.length
    return [{ OWNER: segment.owner, SEGMENT_NAME: segment.name, SEGMENT_TYPE: segment.type, SEGMENT_SUBTYPE: 'MSSM', TABLESPACE_NAME: segment.tablespace, HEADER_FILE: first.file, HEADER_BLOCK: first.first, BYTES: blocks * blockSizeOf(instance, first.file), BLOCKS: blocks, EXTENTS: runs.length, RELATIVE_FNO: first.file, BUFFER_POOL: 'DEFAULT' }]
  })
}

function extentRows({ instance }: ViewContext): (ViewRow & { readonly OWNER: string })[] {
  return segmentsOf(instance).flatMap((segment) =>
    runsOf(segment.blocks).map((run, index) => ({ OWNER: segment.owner, SEGMENT_NAME: segment.name, SEGMENT_TYPE: segment.type, TABLESPACE_NAME: segment.tablespace, EXTENT_ID: index, FILE_ID: run.file, BLOCK_ID: run.first, BYTES: run.blocks * blockSizeOf(instance, run.file), BLOCKS: run.blocks, RELATIVE_FNO: run.file })),
  )
}

const own = (rows: (context: ViewContext) => (ViewRow & { readonly OWNER: string })[]) => (context: ViewContext): ViewRow[] =>
  rows(context).filter((row) => row.OWNER === schemaName(context.session)).map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => column !== 'OWNER')))

const segmentColumns = 'SEGMENT_NAME:v128 PARTITION_NAME:v128 SEGMENT_TYPE:v18 SEGMENT_SUBTYPE:v10 TABLESPACE_NAME:v30 HEADER_FILE:n HEADER_BLOCK:n BYTES:n BLOCKS:n EXTENTS:n RELATIVE_FNO:n BUFFER_POOL:v7'
const extentColumns = 'SEGMENT_NAME:v128 PARTITION_NAME:v128 SEGMENT_TYPE:v18 TABLESPACE_NAME:v30 EXTENT_ID:n FILE_ID:n BLOCK_ID:n BYTES:n BLOCKS:n RELATIVE_FNO:n'
defineView('DBA_SEGMENTS', 'open', `OWNER:v128 ${segmentColumns}`, segmentRows)
defineView('USER_SEGMENTS', 'open', segmentColumns, own(segmentRows))
defineView('DBA_EXTENTS', 'open', `OWNER:v128 ${extentColumns}`, extentRows)
defineView('USER_EXTENTS', 'open', extentColumns, own(extentRows))

/** Runs of blocks that belong to nobody, behind the header and the space map of each file. */
function freeRows({ instance }: ViewContext): ViewRow[] {
  const used = new Set(instance.segments().flatMap((segment) => segment.blocks.map(({ file, block }) => `${String(file)}/${String(block)}`)))
  return instance.controlFile.datafiles.filter((file) => (file.conId ?? 0) === instance.container).flatMap(({ file, tablespace, blocks, blockSize }) => {
    const free: { file: number; block: number }[] = []
    for (let block = 3; block <= blocks; block++) if (!used.has(`${String(file)}/${String(block)}`)) free.push({ file, block })
    return runsOf(free).map((run) => ({ TABLESPACE_NAME: tablespace, FILE_ID: file, BLOCK_ID: run.first, BYTES: run.blocks * blockSize, BLOCKS: run.blocks, RELATIVE_FNO: file }))
  })
}
const freeColumns = 'TABLESPACE_NAME:v30 FILE_ID:n BLOCK_ID:n BYTES:n BLOCKS:n RELATIVE_FNO:n'
defineView('DBA_FREE_SPACE', 'open', freeColumns, freeRows)
defineView('USER_FREE_SPACE', 'open', freeColumns, freeRows)
/** Sizes in blocks of the tablespace; files do not extend themselves. */
defineView('DBA_TABLESPACE_USAGE_METRICS', 'open', 'TABLESPACE_NAME:v30 USED_SPACE:n TABLESPACE_SIZE:n USED_PERCENT:n', ({ instance }) => {
  const files = instance.controlFile.datafiles.filter((file) => (file.conId ?? 0) === instance.container)
  return [...new Set(files.map((file) => file.tablespace))].map((name) => {
    const size = files.filter((file) => file.tablespace === name).reduce((sum, file) => sum + file.blocks, 0)
    const used = instance.segments().filter((segment) => segment.tablespace === name).reduce((sum, segment) => sum + segment.blocks.length, 0)
    return { TABLESPACE_NAME: name, USED_SPACE: used, TABLESPACE_SIZE: size, USED_PERCENT: (100 * used) / size }
  })
})
defineView('DBA_TEMP_FREE_SPACE', 'open', 'TABLESPACE_NAME:v30 TABLESPACE_SIZE:n ALLOCATED_SPACE:n FREE_SPACE:n', ({ instance }) => {
  const files = instance.controlFile.tempfiles.filter((file) => (file.conId ?? 0) === instance.container)
  return [...new Set(files.map((file) => file.tablespace))].map((name) => {
    const bytes = files.filter((file) => file.tablespace === name).reduce((sum, file) => sum + file.blocks * defaultBlockSize, 0)
    return { TABLESPACE_NAME: name, TABLESPACE_SIZE: bytes, ALLOCATED_SPACE: 0, FREE_SPACE: bytes }
  })
})
