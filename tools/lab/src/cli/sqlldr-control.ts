/** A column of a SQL*Loader control file. */
export interface LoadColumn {
  readonly name: string
  /** `filler`: read and dropped; `lobfile`: the file that another field names; `constant`: the same in every row. */
  readonly kind: 'field' | 'filler' | 'lobfile' | 'constant'
  readonly value?: string
}

export interface LoadControl {
  /** `*`: the data follow BEGINDATA. */
  readonly infile: string
  readonly mode: 'INSERT' | 'APPEND' | 'REPLACE' | 'TRUNCATE'
  readonly table: string
  readonly terminator: string
  readonly enclosure: string | undefined
  readonly columns: readonly LoadColumn[]
  readonly data: string | undefined
}

/** What SQL*Loader says of a control file that it does not understand. */
export class ControlSyntaxError extends Error {}

const quoted = String.raw`['"]([^'"]*)['"]`

/**
 * Reads a control file: LOAD DATA INFILE …, INTO TABLE … with delimited fields, FILLER, CONSTANT and LOBFILE (… TERMINATED BY EOF).
 * @throws ControlSyntaxError
 */
export function parseControl(text: string): LoadControl {
  const [head = '', data] = text.replace(/^\s*--.*$/gm, '').split(/^\s*BEGINDATA\s*\n/im)
  const table = /\bINTO\s+TABLE\s+([\w$#."]+)/i.exec(head)?.[1]
  const list = /\(([^]*)\)\s*$/.exec(head.trim())?.[1]
  if (!/^\s*(?:OPTIONS\s*\([^)]*\)\s*)?LOAD\s+DATA\b/i.test(head) || table === undefined || list === undefined) throw new ControlSyntaxError('SQL*Loader-350: Syntax error at line 1.\nExpecting keyword LOAD, INTO TABLE and a list of columns.')
  const infile = /\bINFILE\s+(?:'([^']*)'|"([^"]*)"|(\S+))/i.exec(head)
  const terminator = new RegExp(String.raw`\bFIELDS\s+TERMINATED\s+BY\s+${quoted}`, 'i').exec(head)?.[1]
  const enclosure = new RegExp(String.raw`ENCLOSED\s+BY\s+(?:'([^']*)'|"([^"]*)")`, 'i').exec(head)
  const mode = /\b(APPEND|REPLACE|TRUNCATE|INSERT)\b(?=[^(]*\bINTO\b)/i.exec(head)?.[1] ?? /\bINTO\s+TABLE\s+\S+\s+(APPEND|REPLACE|TRUNCATE|INSERT)\b/i.exec(head)?.[1] ?? 'INSERT'
  return {
    infile: infile?.[1] ?? infile?.[2] ?? infile?.[3] ?? '*', mode: mode.toUpperCase() as LoadControl['mode'], table: table.toUpperCase().replaceAll('"', ''), terminator: terminator ?? ',', enclosure: enclosure?.[1] ?? enclosure?.[2],
    columns: splitList(list).map(parseColumn), data,
  }
}

/** At commas outside of brackets and quotes. */
function splitList(list: string): string[] {
  return list.match(/(?:'[^']*'|"[^"]*"|\([^()]*\)|[^,'"()])+/g)?.map((part) => part.trim()).filter((part) => part !== '') ?? []
}

function parseColumn(text: string): LoadColumn {
  const name = /^"?([\w$#]+)"?/.exec(text)?.[1]?.toUpperCase()
  if (name === undefined) throw new ControlSyntaxError(`SQL*Loader-350: Syntax error.\nExpecting column name, found "${text}".`)
  const lob = /\bLOBFILE\s*\(\s*"?([\w$#]+)"?\s*\)/i.exec(text)?.[1]
  if (lob !== undefined) return { name, kind: 'lobfile', value: lob.toUpperCase() }
  const constant = new RegExp(String.raw`\bCONSTANT\s+(?:${quoted}|(\S+))`, 'i').exec(text)
  if (constant !== null) return { name, kind: 'constant', value: constant[1] ?? constant[2] ?? '' }
  return { name, kind: /\bFILLER\b/i.test(text) ? 'filler' : 'field' }
}

/** The fields of a line. */
export function fieldsOf(line: string, { terminator, enclosure }: Pick<LoadControl, 'terminator' | 'enclosure'>): string[] {
  if (enclosure === undefined || !line.includes(enclosure)) return line.split(terminator)
  const fields: string[] = []
  for (let rest = line; ; ) {
    if (!rest.startsWith(enclosure)) {
      const at = rest.indexOf(terminator)
      fields.push(at === -1 ? rest : rest.slice(0, at))
      if (at === -1) return fields
      rest = rest.slice(at + terminator.length)
      continue
    }
    let end = rest.indexOf(enclosure, enclosure.length)
    while (end !== -1 && rest.startsWith(enclosure.repeat(2), end)) end = rest.indexOf(enclosure, end + 2 * enclosure.length)
    const field = rest.slice(enclosure.length, end === -1 ? undefined : end)
    fields.push(field.replaceAll(enclosure.repeat(2), enclosure))
    const behind = end === -1 ? '' : rest.slice(end + enclosure.length)
    if (!behind.startsWith(terminator)) return fields
    rest = behind.slice(terminator.length)
  }
}
