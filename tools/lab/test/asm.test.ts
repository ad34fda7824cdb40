import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { checkHistory } from '../src/cli/history-check.ts'
import { mountDiskGroup } from '../src/cli/asm-command.ts'
import { type BackedUpLab, backedUpLab } from './support/backed-up-lab.ts'
import { codesOf } from './support/lab.ts'
import { codesIn } from './support/rman.ts'

// A database whose every file is in disk groups.

let lab: BackedUpLab
afterEach(async () => { await lab.remove() })
const start = async (): Promise<void> => { lab = await backedUpLab({ asm: true }) }
const one = async (text: string, on = lab.db): Promise<(string | null)[]> => (await lab.sql(text, on)).map(([value]) => value ?? null)
const everyName = "select name from v$datafile union all select name from v$tempfile union all select member from v$logfile union all select name from v$controlfile union all select value from v$parameter where name = 'spfile'"
const users = (): string => lab.db.controlFile.datafiles.find((file) => file.tablespace === 'USERS')?.name ?? ''

it('names its files as ASM does, and makes no file under such a name', async () => {
  await start()
  const names = await one(everyName)
  expect(names.length).toBe(4 + 1 + 6 + 2 + 1)
  for (const name of names) expect(name).toMatch(/^\+(?:DATA|RECO)\/ORCL\/(?:DATAFILE|TEMPFILE|ONLINELOG|CONTROLFILE|PARAMETERFILE)\/[a-z]\w*\.\d+\.\d{9,}$/)
  expect(await readdir(path.join(lab.lab.host.real('/u01'), 'app', 'oracle'))).toEqual(['admin', 'diag'])
  await lab.sql('create tablespace omf datafile size 64k')
  await lab.sql("create tablespace grp datafile '+RECO' size 64k")
  await lab.sql("create tablespace ali datafile '+DATA/ali01.dbf' size 64k")
  expect((await one('select name from v$datafile order by file#')).slice(4)).toEqual([expect.stringMatching(/^\+DATA\/ORCL\/DATAFILE\/omf\.\d+\.\d+$/), expect.stringMatching(/^\+RECO\/ORCL\/DATAFILE\/grp\.\d+\.\d+$/), '+DATA/ali01.dbf'])
  expect(await codesOf(lab.sql("create tablespace x1 datafile '+DATA/ORCL/DATAFILE/x1.300.1' size 64k"))).toEqual(['ORA-15046'])
  expect(await codesOf(lab.sql("create tablespace x2 datafile '+DATA/none/x2.dbf' size 64k"))).toEqual(['ORA-01119', 'ORA-17502', 'ORA-15173'])
  expect(await codesOf(lab.sql("create tablespace x3 datafile '+OTHER' size 64k"))).toEqual(['ORA-01119', 'ORA-17502', 'ORA-15001'])
  await lab.db.archiveLogCurrent()
  expect(await one('select name from v$archived_log where dest_id = 1')).toEqual(expect.arrayContaining([expect.stringMatching(/^\+RECO\/ORCL\/ARCHIVELOG\/\d{4}_\d\d_\d\d\/thread_1_seq_\d+\.\d+\.\d+$/)]))
  await lab.sql('alter database enable block change tracking')
  expect(await one('select filename from v$block_change_tracking')).toEqual([expect.stringMatching(/^\+DATA\/ORCL\/CHANGETRACKING\/ctf\.\d+\.\d+$/)])
  expect(await lab.sql('select name, state, type, total_mb, required_mirror_free_mb, usable_file_mb from v$asm_diskgroup order by name')).toEqual([['DATA', 'CONNECTED', 'NORMAL', '20480', '5120', expect.stringMatching(/^76\d\d$/)], ['RECO', 'CONNECTED', 'EXTERN', '10240', '0', expect.stringMatching(/^102\d\d$/)]])
}, 60_000)

it('cannot be opened where its disk groups are not mounted or lack a file', async () => {
  await start()
  const name = users()
  await lab.db.shutdown('immediate')
  await rm(lab.lab.host.real(name))
  const opened = async (): Promise<string[]> => {
    const again = await lab.lab.instance()
    await again.mount()
    const codes = await codesOf(again.open({ mode: 'READ WRITE' }))
    await again.shutdown('immediate')
    return codes
  }
  expect(await opened()).toEqual(['ORA-01157', 'ORA-01110', 'ORA-17503', 'ORA-15012'])
  mountDiskGroup(lab.lab.dir, 'DATA', 'prod', false)
  expect(await codesOf(lab.lab.instance())).toEqual(['ORA-01078', 'ORA-01565', 'ORA-17503', 'ORA-15001'])
  expect(await codesOf(lab.lab.instanceWith(lab.lab.host, 'orcl', { db_name: 'orcl', control_files: '+DATA/none.ctl' }).mount())).toEqual(['ORA-00205'])
  expect(await one('select count(*) from v$asm_diskgroup', lab.lab.instanceWith(lab.lab.sandbox, 'icb', { db_name: 'orcl' }))).toEqual(['0'])
}, 60_000)

it('comes back under new names when its files are restored, and the control file only where it can be found again', async () => {
  await start()
  await lab.backup()
  const scn = await lab.point()
  const before = await one(everyName)
  const controlFiles = lab.db.parameters.get('control_files')?.value ?? ''
  await lab.db.shutdown('abort')
  for (const name of before) if (!(name ?? '').includes('PARAMETERFILE')) await rm(lab.lab.host.real(name ?? ''))
  // An instance with a text file of parameters would not know the new name at its next start.
  const pfile = { db_name: 'orcl', db_create_file_dest: '+DATA', db_recovery_file_dest: '+RECO', undo_tablespace: 'UNDOTBS1' }
  expect(codesIn(await lab.rman(`RESTORE CONTROLFILE FROM '${lab.area}/after.cf';\n`, lab.lab.instanceWith(lab.lab.host, 'orcl', { ...pfile, control_files: controlFiles })))).toEqual(['ORA-19504', 'ORA-17502', 'ORA-15046'])
  const db = await lab.lab.instance()
  await lab.rman(`RESTORE CONTROLFILE FROM '${lab.area}/after.cf';\nALTER DATABASE MOUNT;\n`, db)
  expect(db.parameters.get('control_files')?.value).not.toBe(controlFiles)
  const restored = await lab.rman(`CATALOG START WITH '${lab.area}/archivelog/' NOPROMPT;\nRUN {\nSET UNTIL SCN ${String(scn + 1n)};\nRESTORE DATABASE;\nRECOVER DATABASE;\n}\n`, db)
  expect(codesIn(restored)).toEqual([])
  const after = await one('select name from v$datafile order by file#', db)
  expect(after.filter((name) => before.includes(name))).toEqual([])
  for (const name of after) expect((await checkHistory(name ?? '', lab.lab.dir, scn)).differences).toEqual([])
  await db.open({ mode: 'READ WRITE', resetlogs: true })
  expect((await one(everyName, db)).filter((name) => !/^\+(?:DATA|RECO)\/ORCL\/\w+\/\w+\.\d+\.\d+$/.test(name ?? ''))).toEqual([])
  expect(codesIn(await lab.rman("RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '+DATA/ORCL/DATAFILE/x.1.2';\nBACKUP AS COPY DATAFILE 4;\n}\n", db))).toEqual(['ORA-19504', 'ORA-17502', 'ORA-15046'])
  expect(await lab.rman("BACKUP AS COPY DATAFILE 4 FORMAT '+RECO';\n", db)).toMatch(/output file name=\+RECO\/ORCL\/DATAFILE\/users\.\d+\.\d+ /)
}, 60_000)

it('keeps the files of a pluggable database below its GUID', async () => {
  lab = await backedUpLab({ asm: true, pdbs: ['pdb1'] })
  await lab.sql('create pluggable database pdb9 admin user boss identified by secret')
  const names = await one("select d.name from v$datafile d join v$pdbs p on p.con_id = d.con_id where p.name = 'PDB9'")
  expect(names.length).toBeGreaterThan(1)
  const [guid] = await one("select guid from v$pdbs where name = 'PDB9'")
  for (const name of names) expect(name).toMatch(new RegExp(`^\\+DATA/ORCL/${guid ?? ''}/DATAFILE/\\w+\\.\\d+\\.\\d+$`))
}, 60_000)
