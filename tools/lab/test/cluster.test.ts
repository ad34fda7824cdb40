import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readParameterFile } from '../src/engine/parameter-file.ts'
import { LabInstance } from '../src/engine/instance.ts'
import { runWorkload } from '../src/engine/workload.ts'
import { clusterSpfile } from '../src/engine/create-database.ts'
import { openHost } from '../src/host/host.ts'
import { executeSql } from '../src/sql-engine.ts'
import { codesOf, makeLab, pieceAt, session, type TestLab } from './support/lab.ts'

let lab: TestLab
afterEach(async () => { await lab.remove() })

const endless = new AbortController().signal

/** Starts and opens an instance of the cluster; `joins` one that runs. */
async function node(number: 1 | 2, joins?: LabInstance): Promise<LabInstance> {
  const host = openHost(lab.dir, number === 1 ? 'prod' : 'prod2')
  const sid = `orcl${number}`
  const { settings, spfile } = await readParameterFile(clusterSpfile('orcl'), sid, host)
  const instance = new LabInstance({ host, sid, settings, spfile: spfile?.path ?? null, ...(spfile === undefined ? {} : { spfileEntries: spfile.entries }), joins })
  await instance.mount()
  await instance.open({ mode: 'READ WRITE' })
  return instance
}

const rows = async (instance: LabInstance, text: string): Promise<unknown> => (await executeSql(instance, session(instance), text)).rows
const work = async (instance: LabInstance, transactions: number): Promise<void> => { await runWorkload(instance, { transactions, seconds: undefined, perSecond: undefined, signal: endless }) }

describe('a cluster database', () => {
  it('has a redo thread per instance on one set of files', async () => {
    lab = await makeLab({ instances: 2 })
    const one = await node(1)
    const two = await node(2, one)
    await work(one, 5)
    await work(two, 5)
    expect(await rows(two, 'select count from demo.heartbeat')).toEqual([['10']])
    expect(await rows(one, 'select inst_id, instance_name, host_name, thread# from gv$instance order by 1')).toEqual([['1', 'orcl1', 'prod', '1'], ['2', 'orcl2', 'prod2', '2']])
    await one.archiveLogCurrent()
    expect(await rows(one, 'select thread#, count(*) from v$archived_log group by thread# order by 1')).toEqual([['1', '1'], ['2', '1']])
    // A parameter is set everywhere, or on one instance alone.
    await executeSql(one, session(one), "alter system set archive_lag_target = 900 scope=both sid='*'")
    await executeSql(one, session(one), "alter system set open_cursors = 400 scope=both sid='orcl2'")
    expect(await rows(one, "select inst_id, value from gv$parameter where name = 'archive_lag_target' order by 1")).toEqual([['1', '900'], ['2', '900']])
    expect(await rows(one, "select inst_id, value from gv$parameter where name = 'open_cursors' order by 1")).toEqual([['1', '300'], ['2', '400']])
    await two.shutdown('immediate')
    expect(await rows(one, 'select thread#, status from v$thread order by 1')).toEqual([['1', 'OPEN'], ['2', 'CLOSED']])
    await one.shutdown('immediate')
    const again = await node(2)
    expect(await rows(again, 'select count from demo.heartbeat')).toEqual([['10']])
    expect(again.parameters.get('open_cursors')?.value).toBe('400')
    await again.shutdown('immediate')
  })

  it('goes on when an instance dies, and archives the redo that it left', async () => {
    lab = await makeLab({ instances: 2 })
    const one = await node(1)
    const two = await node(2, one)
    await work(two, 7)
    await two.crash()
    expect(await rows(one, 'select count from demo.heartbeat')).toEqual([['7']])
    expect(await rows(one, 'select status, enabled from v$thread where thread# = 2')).toEqual([['CLOSED', 'PUBLIC']])
    await work(one, 1)
    await one.archiveLogCurrent()
    await one.archiveLogCurrent()
    // An empty log of a closed thread is not switched again.
    expect(await rows(one, 'select thread#, max(sequence#) from v$archived_log group by thread# order by 1')).toEqual([['1', '2'], ['2', '1']])
    expect(await codesOf(executeSql(one, session(one), 'alter database disable thread 1'))).toEqual(['ORA-01615'])
    await executeSql(one, session(one), 'alter database disable thread 2')
    expect(await rows(one, 'select enabled from v$thread where thread# = 2')).toEqual([['DISABLED']])
    expect(await codesOf(node(2, one))).toEqual(['ORA-01618'])
    await one.shutdown('immediate')
  })

  it('recovers both threads in the order of their SCNs, after a crash and from copies', async () => {
    lab = await makeLab({ instances: 2 })
    const one = await node(1)
    const two = await node(2, one)
    const sys = session(one)
    await work(one, 3)
    const copies = path.join(lab.dir, 'nfs')
    for (const { file } of one.controlFile.datafiles) await one.copyDatafile(file, path.join(copies, `data_${file}.dbf`), { tag: null, level0: true, session: sys })
    for (let i = 0; i < 4; i += 1) {
      await work(one, 2)
      await work(two, 2)
      if (i === 1) await one.archiveLogCurrent()
    }
    const until = one.currentScn
    await work(two, 3)
    await one.archiveLogCurrent()
    await one.writeControlFileBackup(pieceAt(path.join(copies, 'control.cf')), { spfile: false })
    const { datafiles } = one.controlFile

    // Both instances are gone without a word: the next one recovers the redo of both.
    one.kernel.members.length = 0
    await Promise.all([one.crash(), two.crash()])
    const after = await node(1)
    expect(await rows(after, 'select count from demo.heartbeat')).toEqual([['22']])
    await after.shutdown('immediate')

    const restored = lab.instanceWith(lab.sandbox, 'R1', { db_name: 'ORCL', db_unique_name: 'r1', control_files: path.join(lab.dir, 'r1.ctl'), db_create_file_dest: lab.dir, diagnostic_dest: lab.dir, audit_file_dest: lab.dir })
    await restored.restoreControlFile(path.join(copies, 'control.cf'))
    await restored.mount()
    for (const { file, name } of datafiles) await restored.updateControlFile((data) => { for (const d of data.datafiles) if (d.file === file && d.name === name) d.name = path.join(copies, `data_${file}.dbf`) })
    // Logs of the cluster's shared disks, which the sandbox does not see.
    await restored.updateControlFile((data) => { for (const l of data.archivedLogs) if (l.name !== null) l.name = lab.host.real(l.name) })
    const applied = new Set<number>()
    await restored.recoverDatabase({ untilScn: until + 1n, onLog: (log) => { if (log.phase === 'applied') applied.add(log.thread) }, onFileCreated: () => undefined, abort: endless })
    expect([...applied].sort()).toEqual([1, 2])
    await restored.open({ mode: 'READ ONLY' })
    expect(await rows(restored, 'select count from demo.heartbeat')).toEqual([['19']])
    await restored.shutdown('immediate')
  })

  it('cannot pass a log that is missing in one of its threads', async () => {
    lab = await makeLab({ instances: 2 })
    const one = await node(1)
    const two = await node(2, one)
    const copies = path.join(lab.dir, 'nfs')
    for (const { file } of one.controlFile.datafiles) await one.copyDatafile(file, path.join(copies, `data_${file}.dbf`), { tag: null, level0: true, session: session(one) })
    await work(two, 2)
    await one.archiveLogCurrent()
    await work(one, 2)
    await one.archiveLogCurrent()
    await one.updateControlFile((data) => { data.archivedLogs = data.archivedLogs.filter((l) => l.thread !== 2 || l.sequence !== 1) })
    await one.writeControlFileBackup(pieceAt(path.join(copies, 'control.cf')), { spfile: false })
    const { datafiles } = one.controlFile
    const until = one.currentScn
    const restored = lab.instanceWith(lab.sandbox, 'R1', { db_name: 'ORCL', db_unique_name: 'r1', control_files: path.join(lab.dir, 'r1.ctl'), diagnostic_dest: lab.dir, audit_file_dest: lab.dir })
    await restored.restoreControlFile(path.join(copies, 'control.cf'))
    await restored.mount()
    await restored.updateControlFile((data) => {
      for (const d of data.datafiles) if (datafiles.some((s) => s.file === d.file)) d.name = path.join(copies, `data_${d.file}.dbf`)
      for (const l of data.archivedLogs) if (l.name !== null) l.name = lab.host.real(l.name)
    })
    const failed = restored.recoverDatabase({ untilScn: until, onLog: () => undefined, onFileCreated: () => undefined, abort: endless })
    await expect(failed).rejects.toThrow(/RMAN-06054: media recovery requesting unknown archived log for thread 2 with sequence 1/)
    await two.shutdown('immediate')
    await one.shutdown('immediate')
  })
})
