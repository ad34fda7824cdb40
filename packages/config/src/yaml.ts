import { LineCounter, isAlias, isMap, isPair, isScalar, isSeq, parseDocument } from 'yaml'
import type { Document, Node } from 'yaml'
import { isIcbError } from '@icb/runtime'
import { problemError } from './errors.ts'

export interface YamlTree {
  readonly tree: unknown
  /** Line and column (from 1) of the key at this path, or of the nearest one above it. */
  readonly locate: (path: readonly string[]) => { readonly line: number; readonly column: number } | undefined
}

/**
 * Parses one YAML 1.2 document (JSON is one too).
 * @throws ICB_CONFIG_SYNTAX, ICB_CONFIG_DUPLICATE_KEY with line and column
 */
export function parseYaml(text: string, file: string): YamlTree {
  const lineCounter = new LineCounter()
  try {
    const document = parseDocument(text.replace(/^\uFEFF/u, ''), { lineCounter, prettyErrors: false, uniqueKeys: true, logLevel: 'silent' })
    const [error] = document.errors
    if (error !== undefined) {
      const { line, col } = lineCounter.linePos(error.pos[0])
      throw problemError({ name: error.code === 'DUPLICATE_KEY' ? 'DUPLICATE_KEY' : 'SYNTAX', message: oneLine(error.message), origin: { file, line, column: col } })
    }
    // Aliases are limited: a few lines can otherwise stand for gigabytes.
    const tree: unknown = document.toJS({ maxAliasCount: 100 })
    return { tree, locate: (path) => locate(document, lineCounter, path) }
  } catch (cause) {
    if (isIcbError(cause)) throw cause
    // Nesting beyond the stack, too many aliases, an alias without its anchor.
    throw problemError({ name: 'SYNTAX', message: `no readable YAML: ${oneLine(cause instanceof Error ? cause.message : String(cause))}`, origin: { file } })
  }
}

function locate(document: Document, lineCounter: LineCounter, path: readonly string[]): { line: number; column: number } | undefined {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const name of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === name)
      if (pair === undefined) break
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(name)]
      offset = (node as Node | undefined)?.range?.[0] ?? offset
    } else {
      break
    }
  }
  if (offset === undefined) return undefined
  const { line, col } = lineCounter.linePos(offset)
  return { line, column: col }
}

function oneLine(message: string): string {
  return message.replace(/\s+/gu, ' ').trim()
}
