import { adapter as local } from '@icb/storage-local'
import { adapter as ontap } from '@icb/storage-ontap'
import { adapter as openzfs } from '@icb/storage-openzfs'
import { adapter as zfssa } from '@icb/storage-zfssa'
import type { StorageAdapter } from '@icb/storage-core'

/** The adapters that come with the program; any other one is found by package name or path. */
export const builtInAdapters: readonly StorageAdapter[] = [local, ontap, openzfs, zfssa]
