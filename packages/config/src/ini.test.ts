import { isIcbError } from '@icb/runtime'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseIni } from './ini.ts'

function valuesOf(text: string, section = 's'): Record<string, string> {
  return Object.fromEntries([...(parseIni(text, 'x.cfg').sections.get(section)?.values.values() ?? [])].map(({ key, value }) => [key, value]))
}

function errorOf(text: string): { code: string; message: string; hint: string | undefined; details: Readonly<Record<string, unknown>> } {
  try {
    parseIni(text, 'x.cfg')
  } catch (error) {
    if (isIcbError(error)) return error
    throw error
  }
  throw new Error('no error')
}

describe('parseIni', () => {
  it('reads both separators, the first of them counts, keys in any case, values as they are', () => {
    expect(valuesOf('[s]\nurl: https://host:215\nFREQ = FREQ=DAILY;BYHOUR=10\nA=b:c\nempty:\nquoted=""\n')).toEqual({
      url: 'https://host:215', freq: 'FREQ=DAILY;BYHOUR=10', a: 'b:c', empty: '', quoted: '',
    })
  })

  it('drops comments: lines, and after a blank and a semicolon', () => {
    expect(valuesOf('# c\n; c\n[s] ; c\na: 1 ; note\nb: 1;2\nc: 1#2 # kept\nd: ; all of it\n  # indented\ne: 2\n')).toEqual({ a: '1', b: '1;2', c: '1#2 # kept', d: '', e: '2' })
  })

  it('joins indented lines, also after an empty line, and leaves their semicolons alone', () => {
    expect(valuesOf('[s]\nsql: select max(d)\n\tfrom t ; x\n\n   where a = 1\nnext: 1')).toEqual({ sql: 'select max(d)\nfrom t ; x\nwhere a = 1', next: '1' })
    expect(valuesOf('[s]\nlist:\n  a\n  b')).toEqual({ list: 'a\nb' })
  })

  it('knows %%, %(key)s of the section and of [DEFAULT], nested', () => {
    expect(valuesOf("[DEFAULT]\nroot: /nfs\n[s]\nname: x\ndest: %(root)s/%(NAME)s\ndeep: %(dest)s/%%\nlike: LIKE '%%X'")).toEqual({ name: 'x', dest: '/nfs/x', deep: '/nfs/x/%', like: "LIKE '%X'" })
  })

  it('keeps lines, written keys and case-sensitive sections, with any line ends and a byte order mark', () => {
    const { sections } = parseIni('\uFEFF[s]\r\n\r\nMyKey: 1\r[S]\nmykey: ünï\n', 'x.cfg')
    expect([...sections.keys()]).toEqual(['s', 'S'])
    expect(sections.get('s')?.values.get('mykey')).toEqual({ key: 'mykey', writtenKey: 'MyKey', value: '1', line: 3, section: 's' })
    expect(sections.get('S')?.values.get('mykey')).toMatchObject({ value: 'ünï', line: 5 })
  })

  it.each([
    ['[a]\nx: 1\n[b]\n[a]\n', 'ICB_CONFIG_DUPLICATE_SECTION', 'x.cfg:4: [a]: the section was already opened at x.cfg:1'],
    ['[a]\nx: 1\nX = 2\n', 'ICB_CONFIG_DUPLICATE_KEY', 'x.cfg:3: [a] x: the key was already set at x.cfg:2'],
    ['  x: 1\n[a]', 'ICB_CONFIG_SYNTAX', 'x.cfg:1: an indented line continues'],
    ['[a]\n  x: 1\n', 'ICB_CONFIG_SYNTAX', 'x.cfg:2: [a]: an indented line continues'],
    ['[a]\nx: 1\n  [b]\n', 'ICB_CONFIG_SYNTAX', 'x.cfg:3: [a] x: an indented section header'],
    ['x: 1\n', 'ICB_CONFIG_SYNTAX', 'x.cfg:1: a key before the first [section]'],
    ['[a\n', 'ICB_CONFIG_SYNTAX', 'x.cfg:1: a section header without "]"'],
    ['[]\n', 'ICB_CONFIG_SYNTAX', 'x.cfg:1: a section without a name'],
    ['[a] x: 1\n', 'ICB_CONFIG_SYNTAX', 'x.cfg:1: text after the header'],
    ['[a]\nnothing\n', 'ICB_CONFIG_SYNTAX', 'x.cfg:2: [a]: neither'],
    ['[a]\n: 1\n', 'ICB_CONFIG_SYNTAX', 'x.cfg:2: [a]: neither'],
    ["[a]\nx: LIKE '%X'\n", 'ICB_CONFIG_INTERPOLATION', 'x.cfg:2: [a] x: a lone "%"'],
    ['[a]\nroot: /\nx: %(rot)s\n', 'ICB_CONFIG_INTERPOLATION', 'did you mean "root"?'],
    ['[a]\nx: %(y)s\ny: %(x)s\n', 'ICB_CONFIG_INTERPOLATION', 'nested more than 10 deep'],
  ])('%j is refused with %s', (text, code, message) => {
    const error = errorOf(text)
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
    expect(error.details['file']).toBe('x.cfg')
    expect(error.details['line']).toBeTypeOf('number')
  })

  it('a pile of references ends with an error, not without memory', () => {
    const lines = Array.from({ length: 9 }, (_, index) => `k${index}: ${`%(k${index + 1})s`.repeat(50)}`)
    expect(errorOf(`[a]\n${lines.join('\n')}\nk9: x`).code).toBe('ICB_CONFIG_INTERPOLATION')
  })

  it('long lines take time in proportion to their length', () => {
    const before = performance.now()
    for (const hostile of [' '.repeat(200_000), `[${']'.repeat(200_000)}`, `[a]\nx ${' '.repeat(200_000)}y`, `[a]\nx: ${'%'.repeat(200_000)}`, `[a]\nx: ${' ;'.repeat(100_000)}`]) {
      try {
        parseIni(hostile, 'x.cfg')
      } catch (error) {
        expect(isIcbError(error)).toBe(true)
      }
    }
    expect(performance.now() - before).toBeLessThan(5000)
  })

  it('reads back what is written: any keys and values', () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,12}$/u)
    const value = fc.stringMatching(/^[!-:<-~](?:[ -:<-~]{0,30}[!-:<-~])?$/u).filter((text) => text !== '""')
    fc.assert(
      fc.property(fc.dictionary(key, value, { noNullPrototype: true }), fc.constantFrom(':', '=', ' : ', ' = '), fc.constantFrom('\n', '\r\n'), (values, separator, end) => {
        const text = ['[s]', ...Object.entries(values).map(([name, content]) => `${name}${separator}${content.replaceAll('%', '%%')}`)].join(end)
        expect(valuesOf(text)).toEqual(values)
      }),
      { numRuns: 1000 },
    )
  })
})
