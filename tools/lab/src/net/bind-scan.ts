/** What the text of a statement says of its binds: their names are not on the wire. */
export interface ScannedStatement {
  readonly kind: 'query' | 'dml' | 'plsql' | 'other'
  /** One for each bind of the request, in order, upper case: every occurrence in SQL, each name once in PL/SQL. */
  readonly binds: readonly string[]
  /** Those from this index on are behind RETURNING … INTO and are sent without a value. */
  readonly returningFrom: number | undefined
}

const pieces = /--[^\n]*|\/\*[^]*?\*\/|q'(?:\[[^]*?\]|\{[^]*?\}|\([^]*?\)|<[^]*?>|([^\s[{(<])[^]*?\1)'|'(?:[^']|'')*'|:\s*(?:"([^"]+)"|(\d+)|([\p{L}][\p{L}\p{N}_$#]*))|"[^"]*"|[\p{L}][\p{L}\p{N}_$#]*|\S/giu

const kinds: Readonly<Record<string, ScannedStatement['kind']>> = {
  SELECT: 'query', WITH: 'query', INSERT: 'dml', UPDATE: 'dml', DELETE: 'dml', MERGE: 'dml', BEGIN: 'plsql', DECLARE: 'plsql', CALL: 'plsql',
}

/** Finds the binds as clients do: not in comments, strings and quoted names; a colon right behind a string is none. */
export function scanStatement(text: string): ScannedStatement {
  let kind: ScannedStatement['kind'] | undefined
  let behindString = false
  let returning = false
  let returningFrom: number | undefined
  const binds: string[] = []
  for (const match of text.matchAll(pieces)) {
    const [piece, , quoted, digits, bare] = match
    if (piece.startsWith('--') || piece.startsWith('/*')) continue
    const name = quoted ?? digits ?? bare?.toUpperCase()
    if (name !== undefined) {
      if (!behindString && !(kind === 'plsql' && binds.includes(name))) binds.push(name)
      behindString = false
      continue
    }
    behindString = piece.endsWith("'")
    if (!/^\p{L}/u.test(piece) || behindString) continue
    const word = piece.toUpperCase()
    if (kind === undefined) {
      kind = kinds[word] ?? 'other'
      // Definitions have no binds; what looks like one belongs to the body of a trigger or procedure.
      if (kind === 'other') return { kind, binds: [], returningFrom: undefined }
    } else if (kind === 'dml' && (word === 'RETURNING' || word === 'RETURN')) returning = true
    else if (returning && word === 'INTO') returningFrom ??= binds.length
  }
  return { kind: kind ?? 'other', binds, returningFrom }
}
