import { defineConfig } from 'tsup'
import { program } from '../../tools/build/tsup.base.ts'
import packageJson from './package.json' with { type: 'json' }

export default defineConfig(program('lab', packageJson.version))
