import { describe, expect, it } from 'vitest'
import { alterSystemSet, archivedLogsQuery, commandIdOf, enableChangeTracking, identityQuery, isAtLeast, killSession, parametersQuery, predictIncrementBytes, readRmanSessions, renderTypedQuery } from '../index.ts'
import * as oracle from '../index.ts'
import type { ColumnSpec, SqlSession, TypedQuery } from '../index.ts'
import { substituteBinds } from '../sql-literals.ts'
import { sqlplusStatement } from '../sqlplus-text.ts'
import { tokenizeSql } from '../sql-tokens.ts'

type AnyQuery = TypedQuery<Readonly<Record<string, ColumnSpec>>>

/** Every query that the package exports, with a value for each of its binds. */
function everyQuery(): AnyQuery[] {
  const constants = (Object.values(oracle) as unknown[]).filter((value): value is AnyQuery => typeof value === 'object' && value !== null && 'sql' in value && 'columns' in value)
  return [
    ...constants,
    oracle.identityQuery('11.2.0.4.0'),
    oracle.identityQuery('19.0.0.0.0'),
    oracle.datafilesQuery(true),
    oracle.datafilesQuery(false),
    archivedLogsQuery({}).query,
    archivedLogsQuery({ resetlogsId: 1n, thread: 1, directory: '/x/', fromScn: 5n, available: true }).query,
    parametersQuery().query,
    parametersQuery(['a', 'b']).query,
    oracle.backupPiecesQuery({}).query,
    oracle.backupPiecesQuery({ tag: 'x', deviceType: 'DISK' }).query,
  ]
}

/** Number of select items at the top level. */
function selectItems(sql: string): number {
  let depth = 0
  let items = 1
  for (const token of tokenizeSql(sql)) {
    if (token.text === '(') depth++
    else if (token.text === ')') depth--
    else if (depth === 0 && token.text === ',') items++
    else if (depth === 0 && token.kind === 'word' && token.text.toLowerCase() === 'from') return items
  }
  return items
}

describe('dictionary queries', () => {
  it('are more than thirty', () => {
    expect(everyQuery().length).toBeGreaterThan(30)
  })

  it.each(everyQuery().map((query) => [query.name, query] as const))('%s selects one expression per column and can be sent', (_, query) => {
    expect(selectItems(query.sql)).toBe(Object.keys(query.columns).length)
    const binds = Object.fromEntries(tokenizeSql(query.sql).flatMap((token) => (token.kind === 'bind' ? [[token.text.slice(1), 1] as const] : [])))
    const statement = sqlplusStatement(renderTypedQuery(query, substituteBinds(query.sql, binds)))
    expect(statement).toMatch(/^with q \(c1/)
    expect(statement).toMatch(/\sfrom\sq;$/)
    for (const line of statement.split('\n')) expect(line.length).toBeLessThan(2000)
  })

  it('CDB is asked only where the column exists', () => {
    expect(identityQuery('11.2.0.4.0').sql).not.toMatch(/d\.cdb/)
    expect(identityQuery('12.1.0.2.0').sql).toMatch(/d\.cdb/)
    expect([isAtLeast('12.1.0.2.0', 12, 2), isAtLeast('19.0.0.0.0', 12, 2), isAtLeast('23.4', 23), isAtLeast('', 11)]).toEqual([false, true, true, false])
  })

  it('sessions of a longer id are not taken for ours', async () => {
    const rows = ['id=run1', 'id=run1,rman channel=c1', 'id=run12,rman channel=c1'].map((clientInfo) => ({ clientInfo }))
    const session = { query: () => Promise.resolve(rows) } as unknown as SqlSession
    expect((await readRmanSessions(session, { commandId: 'run1' })).map((row) => row.clientInfo)).toEqual(['id=run1', 'id=run1,rman channel=c1'])
    expect(await readRmanSessions(session, { prefix: 'run' })).toHaveLength(3)
    expect(commandIdOf('rman channel=c1')).toBeUndefined()
  })

  it('predicts from the largest increment, and whole files without a copy', () => {
    const increment = (file: number, blocks: number): oracle.IncrementRow => ({ file, blocks, blockSize: 8192, blocksRead: blocks, datafileBlocks: 100, usedChangeTracking: true, completedAt: '2026-01-01 00:00:00' })
    const files = [
      { file: 1, bytes: 1000n, hasCopy: true },
      { file: 2, bytes: 2000n, hasCopy: false },
      { file: 3, bytes: 3000n, hasCopy: true },
    ]
    expect(predictIncrementBytes(files, [increment(1, 5), increment(1, 9), increment(1, 2), increment(9, 100)])).toBe(9n * 8192n + 2000n)
  })
})

describe('statements', () => {
  it('quote their values', () => {
    expect(alterSystemSet('log_archive_dest_10', "LOCATION=/a'b/ REOPEN=60", { scope: 'both', sid: '*' })).toBe("alter system set log_archive_dest_10 = 'LOCATION=/a''b/ REOPEN=60' scope=both sid='*'")
    expect(alterSystemSet('_system_trig_enabled', false)).toBe('alter system set "_system_trig_enabled" = false')
    expect(enableChangeTracking('/x.bct')).toBe("alter database enable block change tracking using file '/x.bct' reuse")
    expect(killSession({ sid: 1, serial: 2, instance: 1 })).toBe("alter system kill session '1,2,@1' immediate")
    for (const build of [() => alterSystemSet('a b', 1), () => alterSystemSet('a', 'x\ny'), () => killSession({ sid: 1.5, serial: 1, instance: 1 })]) expect(build).toThrow(expect.objectContaining({ code: 'ICB_ORACLE_STATEMENT' }))
  })
})
