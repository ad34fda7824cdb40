import type { StorageCall, StorageFault } from './plan.ts'

/** What the adapter in the product's process is told: the content of `storage-fault.json` in its control directory. */
export interface StorageFaultOrder {
  readonly call: StorageCall
  /** Counted within one process of the product. */
  readonly nth: number
  readonly fault: StorageFault
  readonly ms: number
}

export const orderFile = 'storage-fault.json'
/** Written by the adapter when the fault struck. */
export const struckFile = 'storage-fault.struck'
