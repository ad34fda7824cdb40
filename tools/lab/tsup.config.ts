import { defineConfig } from 'tsup'
import { program } from '../../tools/build/tsup.base.ts'

export default defineConfig({ ...program, entry: { lab: 'src/main.ts' } })
