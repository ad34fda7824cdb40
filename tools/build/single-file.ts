import { readFileSync } from 'node:fs'
import type { Options } from 'tsup'

type Plugin = NonNullable<Options['plugins']>[number]

/** Puts the bundled program, as a comment, below a launcher that starts it. */
export function singleFile(name: string, version: string): Plugin {
  const launcher = readFileSync(new URL('launcher.mjs', import.meta.url), 'utf8').replaceAll('__NAME__', name).replaceAll('__VERSION__', version)
  return {
    name: 'single-file',
    renderChunk: (code, chunk) => {
      chunk.mode = 0o755
      return { code: `${launcher}\n/*program\n${code.replaceAll('*/', '*\u200b/')}*/\n` }
    },
  }
}
