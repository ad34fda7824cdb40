import { describe, expect, it } from 'vitest'
import { scanStatement } from './bind-scan.ts'

describe('binds of a statement', () => {
  it.each([
    ['select :a, :b, :a from dual', 'query', ['A', 'B', 'A']],
    ['begin p(:a, :b, :a); end;', 'plsql', ['A', 'B']],
    ["select ':no', q'[:no ' :no]', \":no\", :yes -- :no\n from dual /* :no */ where x = : \"Quoted\"", 'query', ['YES', 'Quoted']],
    ['insert into t values (:1, :2)', 'dml', ['1', '2']],
    ["select json_object('key' : 1), :x from dual", 'query', ['X']],
    ['create trigger t before insert on x begin :new.a := 1; end;', 'other', []],
    ['-- note\nwith q as (select :a a from dual) select a from q', 'query', ['A']],
  ] as const)('%s', (text, kind, binds) => {
    expect(scanStatement(text)).toEqual({ kind, binds, returningFrom: undefined })
  })

  it('behind RETURNING … INTO have no value', () => {
    expect(scanStatement('update t set a = :a where b = :b returning a, b into :x, :y')).toEqual({ kind: 'dml', binds: ['A', 'B', 'X', 'Y'], returningFrom: 2 })
  })
})
