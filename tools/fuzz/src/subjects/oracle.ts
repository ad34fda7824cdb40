import { isDeepStrictEqual } from 'node:util'
import { createSqlPlusSession, quoteSqlString } from '@icb/oracle'
import type { SqlSession } from '@icb/oracle'
import { createRman } from '@icb/rman'
import { silentLogger } from '@icb/runtime'
import { fakeProcessRunner } from '@icb/runtime/testing'
import type { FuzzSubject } from '../subject.ts'

const query = { name: 'fuzz', sql: 'select file#, name, checkpoint_change#, bytes, checkpoint_time, enabled from v$datafile', columns: { file: 'number!', name: 'text!', scn: 'scn!', bytes: 'number', time: 'date', yes: 'yesno' } } as const

function session(stdout: string): SqlSession {
  return createSqlPlusSession({ oracleHome: '/home', connect: '/@orcl', env: {}, logger: silentLogger, runProcess: fakeProcessRunner(() => ({ stdout })) })
}

const rows = [
  'ICB|=1|=/u01/system.dbf|=9007199254740993|=734003200|=2026-03-29 12:00:00|=YES|',
  'ICB|=2|=/u01/with \\p pipe\\nand line|=18446744073709551615|~|~|=NO|',
  'ICB|',
  '=3|',
  "=/u01/Ünï 'quoted'.dbf|",
  '=281474976710656|=8192|=2026-10-25 02:30:00|~|',
]
const printed = ['ICB.CONNECTED', ...rows, 'ICB.END', ''].join('\n')

/** Output without its end is never believed; numbers and SCNs arrive exactly. */
const sqlplusSubject: FuzzSubject = {
  name: 'SQL*Plus output',
  originals: [printed, ['ICB.CONNECTED', 'ICB.END', ''].join('\n'), ['ERROR:', 'ORA-01034: ORACLE not available', 'SP2-0640: Not connected', ''].join('\n')],
  words: ['ICB|', 'ICB.END\n', 'ICB.CONNECTED\n', '~|', '=', '\nORA-00600: internal error code\n', '\\p', '\\x'],
  async examine({ text, original, truncatedAt }) {
    const answer = await session(text).query(query)
    if (truncatedAt !== undefined && truncatedAt < original.trimEnd().length) return { wrong: `output cut at ${String(truncatedAt)} was taken, ${String(answer.length)} rows` }
    if (/(?:^|\n)(?:ORA|SP2)-\d{4,5}:/.test(text.split('ICB.END')[0] ?? '')) return { wrong: 'an error was printed and nobody noticed' }
    if (answer.some(({ scn, file }) => scn < 0n || scn >= 2n ** 64n || !Number.isFinite(file))) return { wrong: 'a number that Oracle cannot have' }
    return 'accepted'
  },
}

/** Digits as a column of SCNs. */
const scnSubject: FuzzSubject = {
  name: 'SCN texts',
  originals: ['0', '9007199254740991', '9007199254740992', '9007199254740993', '281474976710656', '18446744073709551615', '18446744073709551616', '99999999999999999999'],
  async examine({ text }) {
    const single = text.replaceAll(/[\r\n|]/g, ' ')
    const [row] = await session(['ICB.CONNECTED', `ICB|=${single}|`, 'ICB.END', ''].join('\n')).query({ name: 'scn', sql: 'select current_scn from v$database', columns: { scn: 'scn!' } })
    if (row === undefined) return 'rejected'
    return /^\d{1,20}$/.test(single) && row.scn === BigInt(single) && row.scn < 2n ** 64n ? 'accepted' : { wrong: `${JSON.stringify(single)} became ${String(row.scn)}` }
  },
}

/** Names with anything in them as an SQL literal: one literal, which says exactly that name, or a refusal. */
const nameSubject: FuzzSubject = {
  name: 'file names in SQL',
  originals: ["/u01/it's here/a b.dbf", '/u01/"quoted"/ä.dbf', '/u01/100%/$(x)/&y.dbf', '+DATA/ORCL/DATAFILE/system.256.1'],
  examine({ text }) {
    const literal = quoteSqlString(text)
    const parts = /^'((?:[^']|'')*)'$/s.exec(literal)
    if (parts === null) return { wrong: `${literal} is not one literal` }
    if (/[\r\n\0]/.test(literal)) return { wrong: 'a line break reaches the script' }
    return parts[1]?.replaceAll("''", "'") === text ? 'accepted' : { wrong: `${literal} is another name` }
  },
}

const merged = [
  '', 'Recovery Manager: Release 12.1.0.2.0 - Production on Sun Mar 29 12:00:00 2026', '', 'RMAN> SET ECHO ON;', '', 'RMAN> CONNECT TARGET *', 'connected to target database: ORCL (DBID=1433672784)', '',
  'Starting recover at 2026-03-29 12:00:01', 'using channel ORA_DISK_1', 'channel ORA_DISK_1: starting incremental datafile backup set restore', 'recovering datafile copy file number=00001 name=/backup/orcl/data_D-ORCL_1',
  'channel ORA_DISK_1: reading from backup piece /backup/orcl/incr_1', 'channel ORA_DISK_1: piece handle=/backup/orcl/incr_1 tag=IMAGE_COPY_INCR', 'channel ORA_DISK_1: restored backup piece 1', 'channel ORA_DISK_1: restore complete, elapsed time: 00:00:01', 'Finished recover at 2026-03-29 12:00:05', '',
  'Starting validate at 2026-03-29 12:00:06', 'List of Datafiles', '=================', 'File Status Marked Corrupt Empty Blocks Blocks Examined High SCN', '---- ------ -------------- ------------ --------------- ----------', '1    OK     0              16           128             9007199254740993', '  File Name: /u01/system.dbf',
  '  Block Type Blocks Failing Blocks Processed', '  ---------- -------------- ----------------', '  Data       0              80', '  Index      0              20', '  Other      0              12', '', 'Finished validate at 2026-03-29 12:00:07', '', 'Recovery Manager complete.', '',
].join('\n')
const stack = ['RMAN-00571: ===========================================================', 'RMAN-00569: =============== ERROR MESSAGE STACK FOLLOWS ===============', 'RMAN-00571: ===========================================================', 'RMAN-03002: failure of recover command at 03/29/2026 12:00:05', 'ORA-19625: error identifying file /backup/orcl/data_D-ORCL_1']
const failed = merged.replace('Finished recover', `${stack.join('\n')}\nFinished recover`)

/** Whatever stands around it: an error stack is a failure, and so is output that ends early. */
const rmanSubject: FuzzSubject = {
  name: 'RMAN output',
  originals: [merged, failed],
  words: ['RMAN-00571: ', 'RMAN> ', 'ORA-', 'Finished ', '2>', 'File Status', '%%%'],
  async examine({ text, original, truncatedAt }) {
    const rman = createRman({ oracleHome: '/home', connect: '/@orcl', env: {}, logger: silentLogger, runProcess: fakeProcessRunner(() => ({ stdout: text })) })
    const result = await rman.run({ script: 'recover copy of database with tag image_copy_backup;', commandId: 'aabbccdd-m1', deadlineMs: 1000 })
    if (!result.ok) return 'rejected'
    if (truncatedAt !== undefined && truncatedAt < original.trimEnd().length - 1) return { wrong: `output cut at ${String(truncatedAt)} counts as success` }
    const lines = text.split(/\r?\n/)
    if (stack.every((line) => lines.includes(line)) && isDeepStrictEqual(lines.slice(lines.indexOf(stack[0] ?? ''), lines.indexOf(stack[0] ?? '') + stack.length), stack)) return { wrong: 'an error stack counts as success' }
    return 'accepted'
  },
}

export const oracleSubjects: readonly FuzzSubject[] = [rmanSubject, sqlplusSubject, scnSubject, nameSubject]
