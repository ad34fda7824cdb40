import type { Options } from 'tsup'
import { singleFile } from './single-file.ts'

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

/**
 * One self-contained file for a program, `dist/<name>.mjs`: a small launcher, and the program bundled from the workspace's sources (the
 * `@icb/source` condition), so it builds in a second without building the libraries first. It is a CommonJS bundle because there a module,
 * also one of Node's own, is loaded when it is first needed; imports of an ES module are all loaded before its first line runs.
 */
export function program(name: string, version: string): Options {
  return {
    entry: { [name]: 'src/main.ts' },
    format: ['cjs'],
    outExtension: () => ({ js: '.mjs' }),
    target: 'node24',
    platform: 'node',
    noExternal: [/.*/],
    // node:sqlite exists under its full name only.
    removeNodeProtocol: false,
    splitting: false,
    dts: false,
    clean: true,
    plugins: [singleFile(name, version)],
    esbuildOptions: (options) => {
      options.conditions = ['@icb/source', 'node', 'import', 'module', 'default']
      options.minifyWhitespace = true
      options.define = { ...options.define, 'import.meta.url': '__fileUrl' }
      options.banner = { js: "const __fileUrl = require('node:url').pathToFileURL(__filename).href;" }
    },
  }
}
