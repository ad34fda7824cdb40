import { defineConfig } from 'tsup'
import { base } from '../../tools/build/tsup.base.ts'

export default defineConfig({ ...base, entry: ['src/index.ts'] })
