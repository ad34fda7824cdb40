import { isBuiltin } from 'node:module'
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
 * Node's own modules through `process.getBuiltinModule`. An `import` of node:http or node:util in an ES module reads every export, also those that
 * load undici, web streams and more when they are first read; that alone would take most of the time a short command runs.
 */
const lazyBuiltins: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'lazy-builtins',
  setup: (build) => {
    build.onResolve({ filter: /^(node:|[a-z_0-9/]+$)/ }, ({ path, kind }) => (kind === 'import-statement' || kind === 'dynamic-import') && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined)
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`, loader: 'js' }))
  },
}

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
  esbuildPlugins: [lazyBuiltins],
  esbuildOptions: (options) => {
    options.conditions = ['@icb/source', 'node', 'import', 'module', 'default']
  },
}
