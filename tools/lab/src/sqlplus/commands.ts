/** How a line that begins no statement is recognised. */
export interface Command {
  readonly name: string
  /** Shortest abbreviation. */
  readonly shortest: string
}

const commands: readonly Command[] = [
  ['set', 'set'], ['show', 'sho'], ['column', 'col'], ['prompt', 'pro'], ['spool', 'spo'], ['whenever', 'whenever'], ['connect', 'conn'], ['disconnect', 'disc'], ['exit', 'exit'], ['quit', 'quit'], ['host', 'ho'],
  ['startup', 'startup'], ['shutdown', 'shutdown'], ['archive', 'archive'], ['define', 'def'], ['undefine', 'undef'], ['variable', 'var'], ['print', 'pri'], ['execute', 'exec'], ['start', 'sta'], ['remark', 'rem'],
  ['clear', 'cl'], ['describe', 'desc'], ['run', 'r'], ['list', 'l'], ['ttitle', 'tti'], ['btitle', 'bti'], ['timing', 'timi'], ['pause', 'pau'], ['accept', 'acc'], ['break', 'bre'], ['compute', 'comp'],
].map(([name = '', shortest = '']) => ({ name, shortest }))

/** The command that a word stands for; CONN and CONNE are CONNECT. */
export function commandNamed(word: string): string | undefined {
  const lower = word.toLowerCase()
  return commands.find(({ name, shortest }) => name.startsWith(lower) && lower.startsWith(shortest))?.name
}

/** First words of SQL statements and PL/SQL blocks. */
const statementWords = new Set('ADMINISTER ALTER ANALYZE ASSOCIATE AUDIT BEGIN CALL COMMENT COMMIT CREATE DECLARE DELETE DISASSOCIATE DROP EXPLAIN FLASHBACK GRANT INSERT LOCK MERGE NOAUDIT PURGE RENAME REVOKE ROLLBACK SAVEPOINT SELECT TRUNCATE UPDATE WITH'.split(' '))

/** Whether a line begins a statement for the server. SET TRANSACTION and SET ROLE do, other SETs are the client's. */
export function beginsStatement(line: string): boolean {
  const [first = '', second = ''] = line.trim().toUpperCase().split(/[\s;/(]+/)
  return statementWords.has(first) || line.trim().startsWith('<<') || line.trim().startsWith('(') || (first === 'SET' && /^(TRANSACTION|ROLE|CONSTRAINTS?)$/.test(second))
}

/** PL/SQL ends with a `/` on its own line, SQL also with `;`. */
export function isBlock(text: string): boolean {
  return /^\s*(<<|begin|declare|create\s+(or\s+replace\s+)?(editionable\s+|noneditionable\s+)?(function|procedure|package|trigger|type)\b)/i.test(text)
}

/** What WHENEVER and EXIT say about the end. */
export interface ExitPlan {
  /** `sqlcode`: the number of the last error. */
  readonly code: number | 'sqlcode'
  readonly rollback: boolean
}

const exitWords: Readonly<Record<string, number | 'sqlcode'>> = { success: 0, failure: 1, warning: 2, 'sql.sqlcode': 'sqlcode', oscode: 1 }

/** `FAILURE ROLLBACK`, `3`, `SQL.SQLCODE`; `undefined` when it cannot be read. */
export function parseExit(text: string): ExitPlan | undefined {
  const words = text.trim().toLowerCase().split(/\s+/).filter((word) => word !== '')
  let code: number | 'sqlcode' = 0
  const first = words[0]
  if (first !== undefined && first !== 'commit' && first !== 'rollback') {
    const named = exitWords[first] ?? (/^\d+$/.test(first) ? Number(first) % 256 : undefined)
    if (named === undefined) return undefined
    code = named
    words.shift()
  }
  const end = words.shift()
  if (words.length > 0 || (end !== undefined && end !== 'commit' && end !== 'rollback')) return undefined
  return { code, rollback: end === 'rollback' }
}
