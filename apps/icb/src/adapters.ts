import type { BuiltInAdapter } from '@icb/storage-core'

/** The adapters that come with the program, each evaluated when a configuration names it; any other one is found by package name or path. */
export const builtInAdapters: readonly BuiltInAdapter[] = [
  { name: 'huaweidorado', load: async () => (await import('@icb/storage-dorado')).adapter },
  { name: 'local', load: async () => (await import('@icb/storage-local')).adapter },
  { name: 'ontap', load: async () => (await import('@icb/storage-ontap')).adapter },
  { name: 'openzfs', load: async () => (await import('@icb/storage-openzfs')).adapter },
  { name: 'softnas', load: async () => (await import('@icb/storage-softnas')).adapter },
  { name: 'zfssa', load: async () => (await import('@icb/storage-zfssa')).adapter },
]
