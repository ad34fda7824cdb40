import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoteIdentifier, quoteSqlString, sqlLiteral, sqlString, substituteBinds } from './sql-literals.ts'
import { plainStatement, sqlplusStatement, sqlplusText } from './sqlplus-text.ts'
import { tokenizeSql } from './sql-tokens.ts'

/** What Oracle makes of an expression that {@link sqlString} wrote. */
function evaluate(expression: string): string {
  const parts = expression.matchAll(/'((?:[^']|'')*)'|chr\((\d+)\)/g)
  return [...parts].map(([, text, code]) => (code === undefined ? (text ?? '').replaceAll("''", "'") : String.fromCharCode(Number(code)))).join('')
}

const anyText = fc.string({ unit: 'binary', maxLength: 100 }).filter((text) => !text.includes('\0'))
const nasty = fc.string({ unit: fc.constantFrom("'", '"', '\n', '\r', ';', '/', '-', '*', ':', 'a', ' ', '@', '&', 'q', '[') })

describe('literals', () => {
  it('a string is one expression with the same value', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const expression = sqlString(text)
        const kinds = new Set(tokenizeSql(expression).map((token) => token.kind))
        return evaluate(expression) === text && !kinds.has('comment') && !kinds.has('bind') && !/[\r\n]/.test(expression)
      }),
      { numRuns: 1000 },
    )
  })

  it('any bind leaves the tokens of the statement as they are', () => {
    const sql = "select a from t where b = :v and c = ':v' -- :v\n and d = 1"
    const plain = tokenizeSql(substituteBinds(sql, { v: 7 })).filter((token) => token.text !== '7')
    fc.assert(
      fc.property(fc.oneof(anyText, nasty), (value) => {
        const found = tokenizeSql(substituteBinds(sql, { v: value }))
        const literal = tokenizeSql(sqlString(value)).length
        return found.length === plain.length + literal && found.at(-1)?.text === '1'
      }),
      { numRuns: 1000 },
    )
  })

  it('long texts stay below the line limit and keep their value', () => {
    const text = "x'".repeat(3000)
    const statement = sqlplusStatement(substituteBinds('select 1 from dual where a = :a', { a: text }))
    expect(Math.max(...statement.split('\n').map((line) => line.length))).toBeLessThan(2400)
    const strings = tokenizeSql(statement).filter((token) => token.kind === 'string')
    expect(strings.map((token) => token.text.slice(1, -1).replaceAll("''", "'")).join('')).toBe(text)
  })

  it('numbers, SCNs and null', () => {
    expect([sqlLiteral(1.5), sqlLiteral(-2), sqlLiteral(18_446_744_073_709_551_615n), sqlLiteral(null), sqlLiteral('')]).toEqual(['1.5', '(-2)', '18446744073709551615', 'null', "''"])
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) expect(() => sqlLiteral(value)).toThrow(expect.objectContaining({ code: 'ICB_ORACLE_STATEMENT' }))
  })

  it('binds: missing and unused names are refused', () => {
    expect(() => substituteBinds('select :a from dual', {})).toThrow(/no value for :a/)
    expect(() => substituteBinds('select 1 from dual', { a: 1 })).toThrow(/does not use :a/)
    expect(() => substituteBinds('select :constructor from dual', {})).toThrow(/no value/)
  })

  it('quotes', () => {
    expect(quoteSqlString("o'x")).toBe("'o''x'")
    expect(() => quoteSqlString('a\nb')).toThrow()
    expect(quoteIdentifier('Mixed $')).toBe('"Mixed $"')
    for (const name of ['', 'a"b', 'x'.repeat(129)]) expect(() => quoteIdentifier(name)).toThrow()
  })
})

describe('text for SQL*Plus', () => {
  it('comments go, hints and strings stay', () => {
    expect(sqlplusText("select /*+ rule */ a, -- first\n\n  'x  --y' /* z */ from t;")).toBe("select /*+ rule */ a, 'x  --y' from t")
    expect(sqlplusText("select q'[it's]' , n'x' from \"A  b\"")).toBe("select q'[it's]' , n'x' from \"A  b\"")
  })

  it('lines never begin or end with what SQL*Plus would take for itself', () => {
    const part = fc.constantFrom('a', '@', '!', '/', '#', '.', '-', '1', "'x'", ',', 'name_of_a_column', '(', ')', '  ', '\n', '\n\n')
    fc.assert(
      fc.property(fc.array(part, { minLength: 600, maxLength: 1500 }), (parts) => {
        let text: string
        try {
          text = sqlplusText(`select ${parts.join(' ')} from t`)
        } catch (error) {
          return (error as { code?: string }).code === 'ICB_ORACLE_STATEMENT'
        }
        return text.split('\n').every((line, index, all) => line.length < 2499 && line.trim() !== '' && !/^\s*[@!/#.]/.test(line) && (index === all.length - 1 || !/[-;]\s*$/.test(line)))
      }),
      { numRuns: 200 },
    )
  })

  it('the definition of a stored program is one statement, whatever it ends with inside', () => {
    const text = "create or replace procedure a.b is\n  n number := 0; -- none\nbegin\n  null;\nend;"
    expect(sqlplusStatement(text)).toBe('create or replace procedure a.b is n number := 0; begin null; end;\n/')
    expect(plainStatement(`${text}\n`)).toBe(text)
    expect(() => sqlplusStatement('create table t (a number); drop table u')).toThrow(expect.objectContaining({ code: 'ICB_ORACLE_STATEMENT' }))
  })

  it.each(["select 'a\nb' from dual", `select '${'x'.repeat(2100)}' from dual`, 'select 1; drop table t', "select 'open", 'select /* open', ''])('refuses %j', (sql) => {
    expect(() => sqlplusStatement(sql)).toThrow(expect.objectContaining({ code: 'ICB_ORACLE_STATEMENT' }))
  })
})
