import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause } from '../../src/engine/mutex.ts'
import { type BackedUpLab, backedUpLab } from '../support/backed-up-lab.ts'

// What the views tell of RMAN's work, while it runs and afterwards.

let lab: BackedUpLab
const endless = new AbortController().signal
beforeAll(async () => { lab = await backedUpLab() }, 60_000)
afterAll(async () => { await lab.remove() })

const refresh = (id: string): string => `SET COMMAND ID TO '${id}';
RUN {
ALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${lab.area}/%U';
ALLOCATE CHANNEL c2 DEVICE TYPE DISK FORMAT '${lab.area}/%U';
BACKUP INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'copies' DATABASE TAG 'incr';
RECOVER COPY OF DATABASE WITH TAG 'copies';
DELETE NOPROMPT BACKUPSET TAG 'incr';
}
`

describe('V$SESSION_LONGOPS and V$RMAN_*', () => {
  it('show two channels that work at the same time, with their progress', async () => {
    await lab.db.setParameter('_lab_backup_rate', '4000000', 'memory')
    const ended = new AbortController()
    const running = lab.rman(refresh('day-1')).finally(() => { ended.abort() })
    let together = 0
    let halfway = false
    const seen = new Set<string | null | undefined>()
    while (!ended.signal.aborted) {
      const rows = await lab.sql("select sid, sofar, totalwork from v$session_longops where opname = 'RMAN: datafile copy' and sofar < totalwork")
      together = Math.max(together, new Set(rows.map(([sid]) => sid)).size)
      halfway ||= rows.some(([, sofar, total]) => Number(sofar) > 0 && Number(sofar) < Number(total))
      for (const [operation] of await lab.sql("select operation from v$rman_status where status = 'RUNNING' and command_id = 'day-1'")) seen.add(operation)
      for (const [operation] of await lab.sql("select opname from v$session_longops where opname like 'RMAN: aggregate%' and totalwork > 0")) seen.add(operation)
      await pause(10, endless)
    }
    await running
    await lab.db.setParameter('_lab_backup_rate', '0', 'memory')
    expect([together, halfway]).toEqual([2, true])
    expect([...seen]).toEqual(expect.arrayContaining(['BACKUP', 'RMAN', 'RMAN: aggregate input']))
  }, 60_000)

  it('keep the history of sessions and commands, and the lines that they printed', async () => {
    await lab.work(10)
    await lab.rman(refresh('day-2'))
    expect(await lab.sql("select row_level, row_type, operation, status, object_type from v$rman_status where command_id = 'day-2' order by recid")).toEqual([
      ['0', 'SESSION', 'RMAN', 'COMPLETED', null], ['1', 'COMMAND', 'BACKUP', 'COMPLETED', 'DB INCR'], ['1', 'COMMAND', 'RECOVER', 'COMPLETED', 'DB INCR'], ['1', 'COMMAND', 'DELETE', 'COMPLETED', null],
    ])
    expect(await lab.sql("select status, input_type, command_id from v$rman_backup_job_details where command_id = 'day-2'")).toEqual([['COMPLETED', 'DB INCR', 'day-2']])
    expect(await lab.sql("select operation, status from v$rman_backup_subjob_details where command_id = 'day-2' order by operation")).toEqual([['BACKUP', 'COMPLETED'], ['ROLLFORWARD', 'COMPLETED']])
    const [[key] = []] = await lab.sql("select session_key from v$rman_backup_job_details where command_id = 'day-2'")
    const lines = (await lab.sql(`select output from v$rman_output where session_key = ${String(key)} order by recid`)).map(([line]) => line)
    expect(lines.filter((line) => line?.startsWith('recovering datafile copy file number='))).toHaveLength(4)
  }, 60_000)

  it('say FAILED where a command failed, and level 0 is made again of a file whose copy is lost', async () => {
    const lost = lab.db.controlFile.datafileCopies.find((copy) => copy.file === 4 && !copy.deleted)
    await rm(lost?.name ?? '')
    await lab.work(5)
    expect(await lab.rman(refresh('day-3'))).toContain('ORA-19505')
    expect(await lab.sql("select operation, status from v$rman_status where command_id = 'day-3' order by recid")).toEqual([['RMAN', 'FAILED'], ['BACKUP', 'COMPLETED'], ['RECOVER', 'FAILED']])
    expect(await lab.rman('CROSSCHECK COPY OF DATABASE;\nDELETE NOPROMPT EXPIRED COPY;\n')).toContain('Deleted 1 EXPIRED objects')
    const output = await lab.rman(refresh('day-4'))
    expect(output.match(/no parent backup or copy of datafile \d+ found/g)).toEqual(['no parent backup or copy of datafile 4 found'])
    expect(output.match(/^recovering datafile copy/gm)).toHaveLength(3)
  }, 60_000)
})
