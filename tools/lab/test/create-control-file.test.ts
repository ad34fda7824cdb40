import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LabInstance } from '../src/engine/instance.ts'
import { executeSql } from '../src/sql-engine.ts'
import { writeParameterFile } from '../src/engine/write-parameter-file.ts'
import { createWithoutInstance } from '../src/sql/parameter-files.ts'
import { type TestLab, codesOf, makeLab, session } from './support/lab.ts'

// A database whose control files are gone is given new ones out of its datafiles, and parameter files are written for an instance.

let lab: TestLab
let datafiles: readonly string[]
let place: string
beforeAll(async () => {
  lab = await makeLab({ release: '19.3.0.0.0' })
  const db = await lab.open()
  const one = session(db)
  for (const text of ['create table t (n number) tablespace users', 'insert into t values (1)', 'commit']) await executeSql(db, one, text)
  datafiles = db.controlFile.datafiles.map((file) => file.name)
  place = path.dirname(datafiles[0] ?? '')
  await db.shutdown('immediate')
}, 60_000)
afterAll(async () => { await lab.remove() })

const sql = async (instance: LabInstance, text: string) => (await executeSql(instance, session(instance), text)).rows ?? []
const names = (files: readonly string[]): string => files.map((name) => `'${name}'`).join(', ')
const statement = (options: { readonly head?: string; readonly files?: readonly string[]; readonly mode?: string } = {}): string => `create controlfile ${options.head ?? 'reuse database orcl'} ${options.mode ?? 'resetlogs archivelog'} maxlogfiles 16 maxdatafiles 100 logfile group 1 '${place}/new1.log' size 256k blocksize 512, group 2 ('${place}/new2.log') size 256k reuse datafile ${names(options.files ?? datafiles)} character set AL32UTF8`

describe('CREATE CONTROLFILE', () => {
  it.each<[string, Parameters<typeof statement>[0], readonly string[]]>([
    ['the name is not DB_NAME', { head: 'reuse database other' }, ['ORA-01503', 'ORA-01504']],
    ['a control file is there', { head: 'database orcl' }, ['ORA-01503', 'ORA-00200', 'ORA-00202', 'ORA-27038']],
    ['a datafile is missing', { files: ['/u01/none.dbf'] }, ['ORA-01503', 'ORA-01565', 'ORA-27037']],
    ['SYSTEM is left out', { get files() { return datafiles.slice(1) } }, ['ORA-01503', 'ORA-01173']],
    ['a file is named twice', { get files() { return [...datafiles, datafiles[1] ?? ''] } }, ['ORA-01503', 'ORA-01167', 'ORA-01110', 'ORA-01110']],
    ['the online logs are to be kept', { mode: 'noresetlogs' }, ['ORA-03001']],
  ])('fails where %s, and leaves the control file as it was', async (_cause, options, codes) => {
    const instance = await lab.instance()
    const [before] = instance.parameters.get('control_files')?.value.split(', ') ?? []
    const bytes = await readFile(lab.host.real(before ?? ''))
    expect(await codesOf(sql(instance, statement(options)))).toEqual(codes)
    expect((await readFile(lab.host.real(before ?? ''))).equals(bytes)).toBe(true)
    expect(instance.status).toBe('STARTED')
  })

  it('wants all files of one database, and its name unless it is SET', async () => {
    const other = await makeLab({ release: '19.3.0.0.0' })
    try {
      const foreign = (await other.open()).controlFile.datafiles.map((file) => file.name)
      await mkdir(lab.host.real('/u01/foreign'), { recursive: true })
      await writeFile(lab.host.real('/u01/foreign/users.dbf'), await readFile(other.host.real(foreign[3] ?? '')))
      await writeFile(lab.host.real('/u01/foreign/text.dbf'), 'text')
      const instance = await lab.instance()
      expect(await codesOf(sql(instance, statement({ files: [...datafiles.slice(0, 3), '/u01/foreign/users.dbf'] })))).toEqual(['ORA-01503', 'ORA-01159', 'ORA-01110'])
      expect(await codesOf(sql(instance, statement({ files: [...datafiles, '/u01/foreign/text.dbf'] })))).toEqual(['ORA-01503', 'ORA-01160', 'ORA-01110'])
    } finally {
      await other.remove()
    }
    const renamed = lab.instanceWith(lab.host, 'fresh', { db_name: 'fresh', control_files: '/u01/fresh.ctl' })
    expect(await codesOf(sql(renamed, statement({ head: 'database fresh' })))).toEqual(['ORA-01503', 'ORA-01161', 'ORA-01110'])
  })

  it('brings a database back that has lost its control files: RESETLOGS, the same DBID, tempfiles to be added', async () => {
    const before = await lab.open()
    await sql(before, "alter database backup controlfile to trace as '/u01/control.sql' resetlogs")
    await sql(before, 'alter database backup controlfile to trace')
    expect(await readFile(lab.host.real(before.diagnostics.traceFile(`ora_${process.pid}`)), 'utf8')).toBe(await readFile(lab.host.real('/u01/control.sql'), 'utf8'))
    await before.shutdown('immediate')
    const script = await readFile(lab.host.real('/u01/control.sql'), 'utf8')
    const statements = script.replace(/^--.*\n|^STARTUP.*\n/gm, '').split(';').map((text) => text.trim()).filter((text) => text !== '')
    const { resetlogsTime } = await lab.instance().then(async (mounted) => { await mounted.mount(); const { controlFile } = mounted; await mounted.shutdown('immediate'); return controlFile })
    const instance = await lab.instance()
    for (const file of instance.parameters.get('control_files')?.value.split(', ') ?? []) await rm(lab.host.real(file))
    expect(await codesOf(instance.mount())).toEqual(['ORA-00205'])
    await sql(instance, statements[0] ?? '')
    expect(await sql(instance, 'select controlfile_type, open_resetlogs, dbid from v$database')).toEqual([['CREATED', 'REQUIRED', String(lab.dbid)]])
    // To the second: the headers have a stamp of it.
    expect(instance.controlFile.resetlogsTime).toBe(resetlogsTime - (resetlogsTime % 1000))
    expect(await codesOf(sql(instance, 'alter database open'))).toEqual(['ORA-01589'])
    await sql(instance, 'alter database open resetlogs')
    expect(await sql(instance, 'select n from t')).toEqual([['1']])
    expect(await sql(instance, 'select count(*) from v$tempfile')).toEqual([['0']])
    for (const text of statements.slice(2)) await sql(instance, text)
    const [[name] = []] = await sql(instance, 'select name from v$tempfile where bytes = 2097152')
    expect(await codesOf(sql(instance, `alter tablespace temp add tempfile '${name ?? ''}' size 1M reuse`))).toEqual(['ORA-01537'])
    await sql(instance, `alter tablespace temp add tempfile '${place}/temp.tmp' size 1M`)
    expect(await sql(instance, "select bytes from v$tempfile where name like '%/temp.tmp'")).toEqual([['1048576']])
    await instance.shutdown('immediate')
  })
})

describe('CREATE SPFILE and CREATE PFILE', () => {
  it('write what is set in the instance, a text, and a server parameter file out of it', async () => {
    const instance = await lab.instance()
    const dbs = path.join(lab.host.home, 'dbs')
    await instance.setParameter('open_cursors', '321', 'memory')
    await sql(instance, `create pfile = '${dbs}/copy.ora' from spfile`)
    await sql(instance, "create pfile='memory.ora' from memory")
    expect(await readFile(`${dbs}/copy.ora`, 'utf8')).toContain("*.open_cursors='300'")
    const memory = await readFile(`${dbs}/memory.ora`, 'utf8')
    expect(memory).toContain("*.open_cursors='321'")
    expect(memory).not.toContain('spfile')
    await sql(instance, `create spfile = '${dbs}/again.ora' from pfile = 'memory.ora'`)
    await sql(instance, `create pfile = '${dbs}/again.txt' from spfile = '${dbs}/again.ora'`)
    expect(await readFile(`${dbs}/again.txt`, 'utf8')).toBe(memory)
  })

  it('are refused for the file in use, and without a source', async () => {
    const instance = await lab.instance()
    expect(await codesOf(sql(instance, 'create spfile from memory'))).toEqual(['ORA-32002'])
    expect(await codesOf(sql(instance, "create spfile = '/u01/x.ora' from pfile = '/u01/none.ora'"))).toEqual(['ORA-01078', 'LRM-00109'])
    const idle = async (statement: string): Promise<unknown> => createWithoutInstance(statement, (request) => writeParameterFile({ host: lab.host, sid: 'orcl' }, request))
    expect(await codesOf(idle('create spfile from memory'))).toEqual(['ORA-01034'])
    expect(await idle('select 1 from dual')).toBeUndefined()
    expect(await idle("create pfile = 'idle.ora' from spfile")).toEqual({ message: 'File created.' })
    expect(await readFile(path.join(lab.host.home, 'dbs', 'idle.ora'), 'utf8')).toMatch(/^\*\.db_name='ORCL'$/m)
    const text = lab.instanceWith(lab.host, 'text', { db_name: 'text' })
    expect(await codesOf(sql(text, 'create pfile from spfile'))).toEqual(['ORA-01565', 'ORA-27037'])
    expect(await codesOf(sql(text, 'create spfile from spfile'))).toEqual(['ORA-00905'])
  })
})
