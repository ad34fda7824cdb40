import { defineConfig } from 'tsup'
import { program } from '../../tools/build/tsup.base.ts'

// What is loaded into the product's own process, so built like the product.
export default defineConfig({ ...program, entry: { 'faulting-adapter': 'src/faulting-adapter.ts', 'power-cut': 'src/power-cut.ts' } })
