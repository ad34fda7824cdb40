import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createStage } from '@icb/testing'
import type { IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** A database that is not as smooth as most: what it brings along in its control file, what is known to be wrong with it, and what its test instance leaves on the host. */

const timeout = 240_000
let stage: Stage

async function run(program: 'sqlplus' | 'rman', script: string): Promise<void> {
  const { stdout } = await stage[program]('prod', script, { ORACLE_SID: stage.database })
  expect(stdout).not.toMatch(/ORA-|RMAN-0|SP2-/)
}
const sqlplus = (script: string): Promise<void> => run('sqlplus', `conn / as sysdba\n${script}\nexit\n`)

async function icb(host: 'prod' | 'sandbox', ...args: readonly string[]): Promise<IcbDocument> {
  const words = args[0] === 'snapshot' ? 2 : 1
  return stage.icbJson(host, [...args.slice(0, words), stage.database, ...args.slice(words)], { timeoutMs: timeout })
}

const home = (): string => join(stage.labDirectory, 'hosts', 'sandbox', 'home', 'dbs')

/** What a test instance leaves on its host: in the home, and below the scratch directory. */
function traces(): string[] {
  const inHome = readdirSync(home()).filter((name) => name.toUpperCase().includes(stage.slot))
  const inScratch = readdirSync(stage.scratch, { recursive: true, encoding: 'utf8' }).filter((name) => /(^|\/)diag\/rdbms\/[^/]+\/[^/]+$|\.aud$/.test(name))
  return [...inHome, ...inScratch.map((name) => (name.endsWith('.aud') ? 'audit file' : 'ADR home'))]
}

beforeAll(async () => {
  stage = await createStage({ database: `r${Math.floor(Math.random() * 0xfffff).toString(16)}`, labInit: ['--system', '1', '--sysaux', '1', '--undo', '1', '--users', '1'] })
  expect(await icb('prod', 'configure', '--yes')).toMatchObject({ exitCode: 0 })
  await sqlplus(`create tablespace old datafile size 500k;
create table history (n number) tablespace old;
insert into history values (1);
commit;
alter tablespace old read only;
create tablespace away datafile size 500k;
declare
  l_files pls_integer := 0;
begin
  for f in (select file# from v$datafile where name like '%\\_away\\_%' escape '\\') loop
    execute immediate 'alter database datafile ' || f.file# || ' offline';
    l_files := l_files + 1;
  end loop;
  if l_files <> 1 then raise_application_error(-20001, 'one file was meant'); end if;
end;
/
create table loaded (n number, v varchar2(200)) tablespace users nologging;`)
  // Settings of production that must not reach the restore test: another place, an own channel, a parallelism.
  await run('rman', "connect target /\nconfigure channel device type disk format '/u02/production/%U';\nconfigure device type disk parallelism 3;\nexit\n")
  const backup = await icb('prod', 'backup')
  expect(backup, JSON.stringify(backup.error)).toMatchObject({ exitCode: 0 })
  // Redo has none of these rows: recovery can only mark their blocks.
  await sqlplus("insert /*+ append */ into loaded select level, rpad('x', 200) from dual connect by level <= 50;\ncommit;")
  expect(await icb('prod', 'snapshot', 'create')).toMatchObject({ exitCode: 0 })
}, timeout)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

describe('a restore test', () => {
  it('takes production\'s RMAN settings out of the restored control file, knows what was wrong before, and leaves nothing of its instance', async () => {
    const seen = new Set<string>()
    const watch = setInterval(() => { for (const name of traces()) seen.add(name) }, 25)
    const events = join(stage.directory, 'restore-test.events')
    const tested = await icb('sandbox', 'restore-test', '--validate', 'always', '--events', events).finally(() => { clearInterval(watch) })
    expect(tested, JSON.stringify(tested.error ?? tested.result).slice(0, 2000)).toMatchObject({ exitCode: 0, result: { restoreTests: [{ verdict: { outcome: 'passed' } }] } })
    const cleared = readFileSync(events, 'utf8').split('\n').find((line) => line.includes('"clear-rman-settings"') && line.includes('step.finished'))
    expect(cleared).toMatch(/[1-9]\d* settings/)
    expect(existsSync(join(stage.labDirectory, 'hosts', 'sandbox', 'root', 'u02', 'production'))).toBe(false)
    // They were there while it ran.
    expect([...seen]).toEqual(expect.arrayContaining([`hc_${stage.slot}.dat`, 'ADR home', 'audit file']))
    expect([...seen].some((name) => name.startsWith('lk'))).toBe(true)
    expect(traces()).toEqual([])
    // Offline, read-only and unlogged as production said of itself: no finding, and the unlogged blocks are told.
    expect(tested).toMatchObject({ result: { restoreTests: [{ verdict: { warnings: ['1 ranges of blocks were written without logging and are not recoverable'] } }] } })
  }, timeout)
})
