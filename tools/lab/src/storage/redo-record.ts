import { PAYLOAD_START, blockObject, blockScn, blockTypeOf, clearUnlogged, isUnlogged, markUnlogged, payloadEnd } from './block.ts'
import type { TablespaceEncryption } from './block-cipher.ts'
import type { Autoextend } from './file-header.ts'
import { decodeJson, encodeJson } from './json.ts'

/** What happens to one block: bytes over its former state, or a whole new payload. */
export interface BlockChange {
  readonly file: number
  readonly block: number
  readonly type: number
  readonly objectId: number
  /** SCN of the block before the change; a patch applies to exactly that version. */
  readonly previousScn: bigint
  /** `undefined`: the whole payload is replaced by `image` (trailing zeros left out). */
  readonly patches: readonly { readonly offset: number; readonly bytes: Buffer }[] | undefined
  readonly image: Buffer | undefined
  /** The block was written without redo (a direct load into a NOLOGGING table): all that recovery can do is to mark it. */
  readonly unlogged?: true
}

/** Changes of the database's structure that recovery must repeat. */
export type RedoOperation =
  | { readonly op: 'create-file'; readonly file: number; readonly name: string; readonly tablespace: string; readonly tablespaceNumber: number; readonly blocks: number; readonly creationScn: bigint; readonly creationTime: number; readonly conId?: number; readonly encryption?: TablespaceEncryption; /** Absent: 8192. */ readonly blockSize?: number; readonly autoextend?: Autoextend }
  /** The file has that many blocks from now on, and grows by itself or not. */
  | { readonly op: 'file-size'; readonly file: number; readonly blocks: number; readonly autoextend: Autoextend | null }
  | { readonly op: 'drop-files'; readonly tablespace: string; readonly files: readonly number[] }
  | { readonly op: 'read-only'; readonly files: readonly number[]; readonly readOnly: boolean }
  | { readonly op: 'create-pdb'; readonly pdb: { readonly conId: number; readonly dbid: number; readonly conUid: number; readonly guid: string; readonly name: string; readonly createScn: bigint; readonly created: number } }
  | { readonly op: 'drop-pdb'; readonly conId: number; readonly files: readonly number[] }
  /** A PDB's files come into use (closed and read-only PDBs have files at rest). */
  | { readonly op: 'pdb-use'; readonly conId: number; readonly files: readonly number[]; readonly inUse: boolean }
  | { readonly op: 'end-of-thread' }

/** One committed transaction, or one structural change. Its SCN belongs to it alone. */
export interface RedoRecord {
  readonly scn: bigint
  /** Milliseconds UTC. */
  readonly time: number
  readonly changes: readonly BlockChange[]
  readonly operations: readonly RedoOperation[]
}

/** The change that makes `after` out of `before`; undefined when nothing differs. */
export function changeBetween(file: number, block: number, before: Buffer, after: Buffer): BlockChange | undefined {
  const base = { file, block, type: blockTypeOf(after), objectId: blockObject(after), previousScn: blockScn(before) }
  if (blockTypeOf(before) !== base.type || blockObject(before) !== base.objectId || isUnlogged(before) !== isUnlogged(after)) {
    let end = payloadEnd(after)
    while (end > PAYLOAD_START && after[end - 1] === 0) end -= 1
    return { ...base, patches: undefined, image: Buffer.from(after.subarray(PAYLOAD_START, end)) }
  }
  const patches: { offset: number; bytes: Buffer }[] = []
  const step = 16
  for (let at = PAYLOAD_START; at < payloadEnd(after); at += step) {
    const end = Math.min(at + step, payloadEnd(after))
    if (before.compare(after, at, end, at, end) === 0) continue
    const last = patches.at(-1)
    if (last !== undefined && last.offset + last.bytes.length === at) last.bytes = after.subarray(last.offset, end)
    else patches.push({ offset: at, bytes: after.subarray(at, end) })
  }
  return patches.length === 0 ? undefined : { ...base, patches: patches.map((p) => ({ offset: p.offset, bytes: Buffer.from(p.bytes) })), image: undefined }
}

/**
 * Repeats a change on a block, without sealing it. `skipped`: the block is already newer. `stuck`: the block is not the
 * version the change was made on, so redo and block do not belong together (Oracle's ORA-00600 [3020]).
 */
export function applyChange(buffer: Buffer, change: BlockChange, scn: bigint): 'applied' | 'skipped' | 'stuck' {
  if (blockScn(buffer) >= scn) return 'skipped'
  if (change.unlogged === true) markUnlogged(buffer, change.type, change.objectId)
  else if (change.image !== undefined) {
    clearUnlogged(buffer)
    buffer.fill(0, PAYLOAD_START, payloadEnd(buffer))
    change.image.copy(buffer, PAYLOAD_START)
    buffer[1] = change.type
    buffer.writeUInt32LE(change.objectId, 24)
  } else {
    if (blockScn(buffer) !== change.previousScn) return 'stuck'
    // What is lost stays lost, whatever was changed in it afterwards.
    if (isUnlogged(buffer)) return 'applied'
    for (const patch of change.patches ?? []) patch.bytes.copy(buffer, patch.offset)
  }
  return 'applied'
}

export function encodeRecord(record: RedoRecord): Buffer {
  const operations = record.operations.length === 0 ? Buffer.alloc(0) : encodeJson(record.operations)
  const head = Buffer.alloc(24)
  head.writeBigUInt64LE(record.scn, 0)
  head.writeDoubleLE(record.time, 8)
  head.writeUInt32LE(operations.length, 16)
  head.writeUInt32LE(record.changes.length, 20)
  const parts = [head, operations]
  for (const change of record.changes) {
    const fixed = Buffer.alloc(22)
    fixed.writeUInt16LE(change.file, 0)
    fixed.writeUInt32LE(change.block, 2)
    fixed[6] = change.type
    fixed[7] = change.unlogged === true ? 2 : change.image === undefined ? 0 : 1
    fixed.writeUInt32LE(change.objectId, 8)
    fixed.writeBigUInt64LE(change.previousScn, 12)
    fixed.writeUInt16LE(change.image?.length ?? change.patches?.length ?? 0, 20)
    parts.push(fixed)
    if (change.image !== undefined) parts.push(change.image)
    for (const patch of change.patches ?? []) {
      const at = Buffer.alloc(4)
      at.writeUInt16LE(patch.offset, 0)
      at.writeUInt16LE(patch.bytes.length, 2)
      parts.push(at, patch.bytes)
    }
  }
  return Buffer.concat(parts)
}

export function decodeRecord(bytes: Buffer): RedoRecord {
  const operationBytes = bytes.readUInt32LE(16)
  const count = bytes.readUInt32LE(20)
  const operations = operationBytes === 0 ? [] : (decodeJson(bytes.subarray(24, 24 + operationBytes)) as RedoOperation[])
  let at = 24 + operationBytes
  const take = (length: number): Buffer => {
    at += length
    return bytes.subarray(at - length, at)
  }
  const changes: BlockChange[] = []
  for (let i = 0; i < count; i += 1) {
    const fixed = take(22)
    const size = fixed.readUInt16LE(20)
    const base = { file: fixed.readUInt16LE(0), block: fixed.readUInt32LE(2), type: fixed[6] ?? 0, objectId: fixed.readUInt32LE(8), previousScn: fixed.readBigUInt64LE(12) }
    if (fixed[7] === 2) changes.push({ ...base, image: undefined, patches: [], unlogged: true })
    else if (fixed[7] === 1) changes.push({ ...base, image: take(size), patches: undefined })
    else {
      const patches = Array.from({ length: size }, () => {
        const head = take(4)
        return { offset: head.readUInt16LE(0), bytes: take(head.readUInt16LE(2)) }
      })
      changes.push({ ...base, image: undefined, patches })
    }
  }
  return { scn: bytes.readBigUInt64LE(0), time: bytes.readDoubleLE(8), changes, operations }
}
