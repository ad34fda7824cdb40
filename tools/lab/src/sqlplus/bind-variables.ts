import type { OutBind, SqlResult } from '../engine/protocol.ts'
import { CommandError, type Settings } from './settings.ts'
import { layoutRows } from './layout.ts'

interface BindVariable {
  readonly type: 'NUMBER' | 'VARCHAR2' | 'CHAR' | 'CLOB' | 'REFCURSOR'
  readonly length: number
  value: string | null
  /** Rows of a REFCURSOR until they are printed. */
  rows?: Pick<SqlResult, 'columns' | 'rows'> | undefined
}

/** VARIABLE's variables: `:name` in statements. */
export class BindVariables {
  readonly #variables = new Map<string, BindVariable>()

  /** What a statement is sent with; `undefined`: there are none. */
  get values(): Readonly<Record<string, string | number | null>> | undefined {
    if (this.#variables.size === 0) return undefined
    return Object.fromEntries([...this.#variables].map(([name, { type, value }]) => [name, type === 'NUMBER' && value !== null && Number.isSafeInteger(Number(value)) ? Number(value) : value]))
  }

  /** What a statement left in them. */
  take(outs: Readonly<Record<string, OutBind>>, cursors: NonNullable<SqlResult['cursors']> = {}): void {
    for (const [name, rows] of Object.entries(cursors)) {
      const variable = this.#variables.get(name)
      if (variable?.type === 'REFCURSOR') variable.rows = rows
    }
    for (const [name, out] of Object.entries(outs)) {
      const variable = this.#variables.get(name)
      const value = typeof out === 'object' && out !== null ? out[0] : out
      if (variable !== undefined) variable.value = value === null || value === undefined || value === '' ? null : String(value)
    }
  }

  /** `VARIABLE name type`, `VARIABLE name`, `VARIABLE`. @throws CommandError SP2-0552, SP2-0567, SP2-0568 */
  declare(text: string): readonly string[] {
    const [, name = '', rest = ''] = /^([^\s=]*)\s*([^]*)$/.exec(text.trim()) ?? []
    if (name === '') {
      if (this.#variables.size === 0) throw new CommandError('SP2-0568: No bind variables declared.')
      return [...this.#variables.keys()].flatMap((known) => this.#describe(known))
    }
    if (rest === '') return this.#describe(name.toUpperCase())
    if (!/^[A-Za-z][\w$#]{0,127}$/.test(name)) throw new CommandError(`SP2-0553: Illegal variable name "${name}".`)
    const [, type = '', length] = /^(NUMBER|VARCHAR2|NVARCHAR2|CHAR|NCHAR|CLOB|NCLOB|REFCURSOR)\s*(?:\(\s*(\d+)\s*(?:CHAR|BYTE)?\s*\))?$/i.exec(rest) ?? []
    if (type === '') throw new CommandError('Usage: VAR[IABLE] [ <variable> [ NUMBER | CHAR | CHAR (n [CHAR|BYTE]) | VARCHAR2 (n [CHAR|BYTE]) | CLOB | REFCURSOR ] ]')
    const kind = /refcursor/i.test(type) ? 'REFCURSOR' : /clob/i.test(type) ? 'CLOB' : /var/i.test(type) ? 'VARCHAR2' : /char/i.test(type) ? 'CHAR' : 'NUMBER'
    this.#variables.set(name.toUpperCase(), { type: kind, length: Number(length ?? 1), value: null })
    return []
  }

  #describe(name: string): readonly string[] {
    const variable = this.#variables.get(name)
    if (variable === undefined) throw new CommandError(`SP2-0552: Bind variable "${name}" not declared.`)
    return [`variable   ${name.toLowerCase()}`, `datatype   ${variable.type === 'REFCURSOR' ? 'REF CURSOR' : variable.type}${variable.type === 'VARCHAR2' || variable.type === 'CHAR' ? `(${String(variable.length)})` : ''}`, '']
  }

  /** PRINT: every variable, or the named ones, as a result of one column each. @throws CommandError SP2-0552, SP2-0568 */
  print(names: readonly string[], settings: Settings, show: (rows: SqlResult) => readonly string[]): readonly string[] {
    const wanted = names.length === 0 ? [...this.#variables.keys()] : names.map((name) => name.replace(/^:/, '').toUpperCase())
    if (wanted.length === 0) throw new CommandError('SP2-0568: No bind variables declared.')
    return wanted.flatMap((name) => {
      const variable = this.#variables.get(name)
      if (variable === undefined) throw new CommandError(`SP2-0552: Bind variable "${name}" not declared.`)
      if (variable.type === 'REFCURSOR') {
        const { rows } = variable
        if (rows === undefined) throw new CommandError(`ORA-24338: statement handle not executed\n\nSP2-0625: Error printing variable "${name.toLowerCase()}"`)
        variable.rows = undefined
        return show(rows)
      }
      const result: SqlResult = { columns: [{ name, type: variable.type === 'NUMBER' ? 'NUMBER' : variable.type === 'CLOB' ? 'CLOB' : 'VARCHAR2', width: Math.max(variable.length, name.length) }], rows: [[variable.value]] }
      return layoutRows(result, settings, new Map())
    })
  }
}
