import { mergeConfig } from 'vitest/config'
import { base } from '../../tools/build/vitest.base.ts'

export default mergeConfig(base, { test: { name: 'storage-softnas' } })
