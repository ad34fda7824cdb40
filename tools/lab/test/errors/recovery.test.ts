import { cp, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause } from '../../src/engine/mutex.ts'
import { type BackedUpLab, backedUpLab } from '../support/backed-up-lab.ts'
import { codesOf } from '../support/lab.ts'
import { codesIn } from '../support/rman.ts'

// ORA-28365 has a test of its own, tde.test.ts, and so has RMAN-05541, rman/duplicate.test.ts.
// What goes wrong in a restore, brought about as it happens to a database, and the codes that a client sees.

let lab: BackedUpLab
/** SCN right behind the copies' checkpoints, inside of what the copy of file 4 has seen, and a sound one. */
let checkpoint: bigint
let fuzzy: bigint
let target: bigint

beforeAll(async () => {
  lab = await backedUpLab()
  // Rows are written to file 4 while its copy is made: the copy has blocks that are newer than its checkpoint.
  await lab.sql('create table filled (text varchar2(4000)) tablespace users')
  for (let i = 0; i < 10; i += 1) await lab.db.insertRows('SYS', 'FILLED', Array.from({ length: 38 }, (_, row) => [(i === 9 && row === 37 ? 'last' : 'rows').padEnd(3900, 'x')]))
  let changes = 0
  const change = async (): Promise<unknown> => lab.db.updateRows('SYS', 'FILLED', ([text]) => (String(text).startsWith('last') ? [`last${String(changes += 1)}`.padEnd(3900, 'x')] : undefined))
  await lab.db.setParameter('_lab_backup_rate', '6000000', 'memory')
  const backup = lab.backup()
  const endless = new AbortController().signal
  while (!lab.db.controlFile.datafileCopies.some((copy) => copy.file === 3)) await pause(5, endless)
  const done = new AbortController()
  const writing = (async () => {
    while (!done.signal.aborted) {
      await change()
      await lab.db.checkpoint()
    }
  })()
  await backup
  done.abort()
  await writing
  const copy = lab.db.controlFile.datafileCopies.find(({ file, absoluteFuzzyScn }) => file === 4 && absoluteFuzzyScn > 0n)
  if (copy === undefined) throw new Error('nothing was written to file 4 while it was copied')
  checkpoint = copy.checkpointScn
  fuzzy = copy.absoluteFuzzyScn
  target = await lab.point()
  await lab.point()
}, 60_000)
afterAll(async () => { await lab.remove() })

const recover = (goal: string) => `RECOVER DATABASE ${goal};\n`
const until = (scn: bigint) => recover(`UNTIL SCN ${String(scn)}`)
type Restored = Awaited<ReturnType<BackedUpLab['restored']>>
const codesOfRman = async (script: string, { copy }: Restored): Promise<string[]> => codesIn(await lab.rman(script, copy))
const log = ({ area }: Restored, from: bigint): string => {
  const found = lab.db.controlFile.archivedLogs.find((l) => l.firstScn <= from && from < l.nextScn && l.name?.startsWith(lab.area) === true)
  return path.join(area, 'archivelog', path.basename(found?.name ?? ''))
}

const cases: readonly (readonly [codes: string, cause: string, bring: () => Promise<readonly string[]>])[] = [
  ['ORA-01547 ORA-01194 ORA-01110', 'recovery stops before the highest SCN in a copy that was made online', async () => {
    expect(fuzzy).toBeGreaterThan(checkpoint + 1n)
    return codesOfRman(until(checkpoint + 1n), await lab.restored())
  }],
  ['ORA-16004 ORA-01196 ORA-01110', 'such a database is opened read only all the same', async () => {
    const restored = await lab.restored()
    await lab.rman(until(checkpoint + 1n), restored.copy)
    return codesOf(lab.sql('alter database open read only', restored.copy))
  }],
  ['ORA-16004 ORA-01152 ORA-01110', 'copies of different SCNs are opened read only without recovery', async () => {
    const restored = await lab.restored()
    return codesOf(lab.sql('alter database open read only', restored.copy))
  }],
  ['ORA-01152 ORA-01110', 'copies of different SCNs are opened with RESETLOGS without recovery', async () => {
    const restored = await lab.restored()
    return codesOf(lab.sql('alter database open resetlogs', restored.copy))
  }],
  ['RMAN-06556', 'the target lies before the copies', async () => codesOfRman(until(checkpoint - 1n), await lab.restored())],
  ['RMAN-06054', 'recovery without UNTIL reaches the end of the archived logs', async () => codesOfRman(recover(''), await lab.restored())],
  ['RMAN-06054', 'a log below the target was never written to the area', async () => {
    const restored = await lab.restored({ catalog: false })
    await rm(log(restored, target))
    await lab.rman(`CATALOG START WITH '${restored.area}/archivelog/' NOPROMPT;\nCATALOG START WITH '${restored.area}/data_' NOPROMPT;\nSWITCH DATABASE TO COPY;\n`, restored.copy)
    return codesOfRman(until(target + 1n), restored)
  }],
  ['RMAN-06053 RMAN-06025', 'the control file knows of a log that no file is left of', async () => {
    await lab.rman(`RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK;\nBACKUP CURRENT CONTROLFILE FORMAT '${lab.area}/newest.cf' REUSE TAG 'later';\n}\n`)
    const restored = await lab.restored({ switched: false })
    const { copy } = restored
    await copy.shutdown('immediate')
    const again = lab.lab.instanceWith(lab.lab.sandbox, copy.sid, Object.fromEntries([...copy.parameters].filter(([, p]) => !p.isDefault).map(([name, p]) => [name, p.value])))
    await again.restoreControlFile(`${restored.area}/newest.cf`)
    await again.mount()
    await rm(log(restored, target))
    await lab.rman(`CHANGE ARCHIVELOG ALL UNCATALOG;\nCHANGE COPY OF DATABASE UNCATALOG;\nCATALOG START WITH '${restored.area}/archivelog/' NOPROMPT;\nCATALOG START WITH '${restored.area}/data_' NOPROMPT;\nSWITCH DATABASE TO COPY;\n`, again)
    return codesOfRman(until(target + 1n), { copy: again, area: restored.area })
  }],
  ['ORA-00308 ORA-27037', 'a log disappears after it was cataloged', async () => {
    const restored = await lab.restored()
    await rm(log(restored, target))
    return codesOfRman(until(target + 1n), restored)
  }],
  ['ORA-00279 ORA-00289 ORA-00280', 'recovery by SQL asks for the next archived log', async () => codesOf(lab.sql('alter database recover database until cancel using backup controlfile', (await lab.restored()).copy))],
  ['ORA-00279 ORA-00289 ORA-00280 ORA-00308 ORA-27037', 'automatic recovery by SQL does not find the log that it suggests', async () => {
    const restored = await lab.restored()
    await rm(log(restored, target))
    return codesOf(lab.sql('alter database recover automatic database until cancel using backup controlfile', restored.copy))
  }],
  ['RMAN-06026 RMAN-06023', 'the copies are not in the repository', async () => codesOfRman('RESTORE DATABASE;\n', await lab.restored({ catalog: false }))],
  ['RMAN-06571', 'SWITCH without a copy', async () => codesOfRman('SWITCH DATABASE TO COPY;\n', await lab.restored({ catalog: false }))],
  ['RMAN-06094', 'a datafile was not switched to its copy and is not on this host', async () => codesOfRman(until(target + 1n), await lab.restored({ switched: false }))],
  ['ORA-01157 ORA-01110', 'a datafile disappears between recovery and open', async () => {
    const restored = await lab.restored()
    await lab.rman(until(target + 1n), restored.copy)
    await rm(restored.copy.controlFile.datafiles[3]?.name ?? '')
    return codesOf(lab.sql('alter database open read only', restored.copy))
  }],
  ['RMAN-20208', 'the SCN lies before the RESETLOGS of the incarnation', async () => codesOfRman(until(5n), await lab.restored())],
  ['RMAN-20207', 'the time lies before the RESETLOGS of the incarnation', async () => codesOfRman(recover(`UNTIL TIME "to_date('2001-01-01', 'yyyy-mm-dd')"`), await lab.restored())],
  ['ORA-19909 ORA-01110', 'a file comes from the redo that was given up by OPEN RESETLOGS', async () => {
    const restored = await lab.restored()
    const other = await lab.restored()
    await lab.rman(until(target + 1n), restored.copy)
    await restored.copy.open({ mode: 'READ WRITE', resetlogs: true })
    await restored.copy.shutdown('immediate')
    // Recovered further than the point where the first one left.
    await lab.rman(recover(''), other.copy)
    const name = (instance: typeof other.copy): string => instance.controlFile.datafiles.find((d) => d.file === 4)?.name ?? ''
    const from = name(other.copy)
    await other.copy.shutdown('abort')
    const again = lab.lab.instanceWith(lab.lab.sandbox, restored.copy.sid, Object.fromEntries([...restored.copy.parameters].filter(([, p]) => !p.isDefault).map(([key, p]) => [key, p.value])))
    await again.mount()
    await cp(from, name(again))
    return codesOfRman(recover(''), { copy: again, area: restored.area })
  }],
]

describe('a restore that goes wrong', () => {
  it.each(cases)('%s: %s', async (codes, _cause, bring) => {
    expect((await bring()).filter((code) => code !== 'ORA-00283').join(' ')).toContain(codes)
  }, 60_000)
})
