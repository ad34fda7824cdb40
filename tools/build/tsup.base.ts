import type { Options } from 'tsup'

/** What every published package is built with; a package adds its entries. */
export const base: Options = {
  format: ['esm'],
  target: 'node22',
  platform: 'node',
  dts: true,
  removeNodeProtocol: false,
  sourcemap: true,
  clean: true,
  treeshake: true,
}

const requireShim = [
  "import { createRequire as __createRequire } from 'node:module'",
  "import { fileURLToPath as __fileURLToPath } from 'node:url'",
  "import { dirname as __dirnameOf } from 'node:path'",
  'const require = __createRequire(import.meta.url)',
  'const __filename = __fileURLToPath(import.meta.url)',
  'const __dirname = __dirnameOf(__filename)',
].join(';')

/**
 * One self-contained file for a program. It is bundled from the workspace's sources (the `@icb/source`
 * condition), so a program builds in a second without building the libraries first.
 */
export const program: Options = {
  format: ['esm'],
  outExtension: () => ({ js: '.mjs' }),
  target: 'node24',
  platform: 'node',
  noExternal: [/.*/],
  // node:sqlite exists under its full name only.
  removeNodeProtocol: false,
  splitting: false,
  dts: false,
  clean: true,
  banner: { js: requireShim },
  esbuildOptions: (options) => {
    options.conditions = ['@icb/source', 'node', 'import', 'module', 'default']
  },
}
