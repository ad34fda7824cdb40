import { createCipheriv } from 'node:crypto'
import { PAYLOAD_START, blockScn, blockType, blockTypeOf, payloadEnd, sealBlock } from './block.ts'

/** How a tablespace is encrypted: its key, wrapped by a master key of the keystore. */
export interface TablespaceEncryption {
  readonly algorithm: 'AES256'
  readonly masterKeyId: string
  /** Hexadecimal: 16 bytes of IV, then the wrapped key. */
  readonly wrappedKey: string
}

/** Blocks of tables and indexes are encrypted; headers and space maps are not. */
export const isSecret = (block: Buffer): boolean => blockTypeOf(block) === blockType.data || blockTypeOf(block) === blockType.index

/**
 * A block as it stands on disk out of the block in memory, or back: the same operation. Place and SCN of the block make the
 * counter, so the same version of a block always looks the same.
 */
export function cipherBlock(block: Buffer, key: Buffer): Buffer {
  const counter = Buffer.alloc(16)
  block.copy(counter, 0, 2, 8)
  block.copy(counter, 6, 8, 16)
  const other = Buffer.from(block)
  createCipheriv('aes-256-ctr', key, counter).update(block.subarray(PAYLOAD_START, payloadEnd(block))).copy(other, PAYLOAD_START)
  return sealBlock(other, blockScn(block))
}
