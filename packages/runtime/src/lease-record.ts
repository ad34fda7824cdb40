import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { LeaseOwner, LeaseState } from './lease.ts'
import { defineErrors } from './errors.ts'
import type { DefinedErrors, ErrorDefinition } from './errors.ts'

/** The error list of leases. */
export const leaseErrors: DefinedErrors<Record<'HELD' | 'LOST' | 'STORE' | 'DAMAGED', ErrorDefinition>> = defineErrors('LEASE', {
  HELD: { remedy: 'wait', summary: 'Another run holds the lease and proves to be alive.' },
  LOST: { remedy: 'operator', summary: 'The lease could not be renewed in time, or was taken or broken, so this run had to stop.' },
  STORE: { remedy: 'operator', summary: 'The lease file cannot be read or written.' },
  DAMAGED: { remedy: 'operator', summary: 'The lease file holds no lease: it was cut or overwritten by something else.' },
})

/**
 * A lease file is two slots of this size. A write goes to one slot, so that a torn write, or the late write of a holder that
 * was stopped for longer than its lease, leaves the other one readable: the record with the highest token and heartbeat counts.
 */
const slotBytes = 2048
export const leaseFileBytes: number = 2 * slotBytes

/** What a slot holds: the state without its path. */
export type LeaseRecord = Omit<LeaseState, 'path'>

function encodeSlot(record: LeaseRecord): Buffer {
  const json = JSON.stringify(record)
  const line = `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
  const bytes = Buffer.alloc(slotBytes, ' ')
  if (bytes.write(line) !== Buffer.byteLength(line)) throw leaseErrors.errors.STORE('the lease record is too long: shorten its purpose')
  return bytes
}

function isOwner(value: unknown): value is LeaseOwner {
  const owner = (value ?? {}) as Record<string, unknown>
  return ['host', 'bootId', 'runId', 'purpose'].every((key) => typeof owner[key] === 'string') && Number.isSafeInteger(owner['pid'])
}

function isRecord(value: unknown): value is LeaseRecord {
  const record = (value ?? {}) as Record<string, unknown>
  const numbers = ['token', 'heartbeat', 'ttlMs'].every((key) => Number.isSafeInteger(record[key]))
  return numbers && typeof record['boundTo'] === 'string' && typeof record['acquiredAt'] === 'string' && typeof record['released'] === 'boolean' && isOwner(record['owner'])
}

function decodeSlot(bytes: Buffer): LeaseRecord | undefined {
  const line = bytes.toString('utf8').split('\n', 1)[0] ?? ''
  const json = line.slice(9)
  if (crc32(json).toString(16).padStart(8, '0') !== line.slice(0, 8)) return undefined
  try {
    const value: unknown = JSON.parse(json)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A fresh file: both slots the same. */
export function encodeLeaseFile(record: LeaseRecord): Buffer {
  const slot = encodeSlot(record)
  return Buffer.concat([slot, slot])
}

/** The record that counts; `undefined` when no slot is valid. */
export function decodeLeaseFile(content: Buffer): LeaseRecord | undefined {
  const records = [decodeSlot(content.subarray(0, slotBytes)), decodeSlot(content.subarray(slotBytes, leaseFileBytes))].filter((record) => record !== undefined)
  return records.sort((a, b) => b.token - a.token || b.heartbeat - a.heartbeat)[0]
}

function storeError(path: string, what: string, error: unknown): Error {
  return leaseErrors.errors.STORE(`the lease ${path} cannot be ${what}: ${error instanceof Error ? error.message : String(error)}`, {
    hint: 'Check that its directory is mounted and writable; `lease.dir` puts leases elsewhere.',
    details: { path },
    cause: error,
  })
}

/** The store's error, for what the file system answered. */
export async function storing<T>(path: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storeError(path, what, error)
  }
}

async function readAll(handle: FileHandle): Promise<Buffer> {
  const content = Buffer.alloc(leaseFileBytes)
  let filled = 0
  while (filled < content.length) {
    const { bytesRead } = await handle.read(content, filled, content.length - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return content
}

/**
 * Reads the file by a fresh open, which an NFS client answers from the server (close-to-open consistency). `undefined`: there is none.
 * @throws ICB_LEASE_DAMAGED, ICB_LEASE_STORE
 */
export async function readLeaseRecord(path: string): Promise<LeaseRecord | undefined> {
  let content: Buffer
  try {
    const handle = await open(path, 'r')
    try {
      content = await readAll(handle)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw storeError(path, 'read', error)
  }
  const record = decodeLeaseFile(content)
  if (record === undefined) throw leaseErrors.errors.DAMAGED(`${path} is no lease file`, { hint: 'Make sure that no run is active, then break the lease.', details: { path } })
  return record
}

/** Rewrites the file in place: one slot for a renewal, both for a new owner. On disk when it resolves. @throws ICB_LEASE_STORE */
export async function writeLeaseRecord(path: string, record: LeaseRecord, slots: 'both' | 'next'): Promise<void> {
  const slot = encodeSlot(record)
  await storing(path, 'written', async () => {
    // Never O_CREAT: a missing file means that the area is gone, and a new one must be made by link().
    const handle = await open(path, constants.O_RDWR)
    try {
      const targets = slots === 'both' ? [0, 1] : [record.heartbeat % 2]
      for (const target of targets) {
        await handle.write(slot, 0, slotBytes, target * slotBytes)
        await handle.sync()
      }
    } finally {
      await handle.close()
    }
  })
}
