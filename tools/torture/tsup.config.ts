import { defineConfig } from 'tsup'

const requireShim = "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url)"

// What is loaded into the product's own process: each one file that needs nothing beside it.
export default defineConfig({
  entry: { 'faulting-adapter': 'src/faulting-adapter.ts', 'power-cut': 'src/power-cut.ts' },
  format: ['esm'],
  outExtension: () => ({ js: '.mjs' }),
  target: 'node24',
  platform: 'node',
  noExternal: [/.*/],
  removeNodeProtocol: false,
  splitting: false,
  banner: { js: requireShim },
  esbuildOptions: (options) => {
    options.conditions = ['@icb/source', 'node', 'import', 'module', 'default']
    options.minifyWhitespace = true
  },
})
