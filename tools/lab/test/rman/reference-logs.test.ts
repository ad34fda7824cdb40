import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeInstance } from './fake-instance.ts'
import type { FakeInstance } from './fake-instance.ts'
import { runScript } from './run-script.ts'

const reference = process.env['ICB_REFERENCE_DIR'] ?? path.join(import.meta.dirname, '..', '..', '..', '..', '..', 'shared', 'reference')
const logs = path.join(reference, 'rman-logs')

/** The RMAN sessions of a log: from the greeting to the farewell. */
function sessions(file: string): string[][] {
  const found: string[][] = []
  let current: string[] | undefined
  for (const line of readFileSync(path.join(logs, file), 'utf8').split('\n')) {
    if (line.startsWith('Recovery Manager: Release')) current = []
    current?.push(line)
    if (line.startsWith('Recovery Manager complete.') && current !== undefined) {
      found.push(current)
      current = undefined
    }
  }
  return found
}

/** What kind of line it is: without numbers, names and times, and without the text of the script. */
function kinds(lines: readonly string[]): string[] {
  return lines.map((line) =>
    line
      .trimEnd()
      .replace(/^Copyright.*/, 'Copyright')
      .replace(/^(RMAN> |\d+> ).+/, '$1…')
      .replace(/\w{3} \w{3} \d+ [\d:]+ \d{4}$/, '<date>')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<time>')
      .replace(/"?'?\/[^\s';"]+'?"?/g, '<path>')
      .replace(/RMAN> <path>/, 'RMAN> …')
      .replace(/\d+/g, 'n')
      .replace(/\bn +/g, 'n '),
  )
}

const output = (text: string): string[] => text.split('\n').slice(1, -1)

describe.skipIf(!existsSync(logs))('output line by line as in the real logs (needs the reference data)', () => {
  let directory: string
  let db: FakeInstance

  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'lab-rman-'))
    db = await fakeInstance({ directory })
  })
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  const settings = (): string => `CONFIGURE ARCHIVELOG DELETION POLICY TO NONE;
CONFIGURE RETENTION POLICY TO RECOVERY WINDOW OF 2 DAYS;
CONFIGURE BACKUP OPTIMIZATION ON;
CONFIGURE DEFAULT DEVICE TYPE TO DISK;
CONFIGURE CONTROLFILE AUTOBACKUP ON;
CONFIGURE DEVICE TYPE DISK PARALLELISM 4 BACKUP TYPE TO BACKUPSET;
CONFIGURE CHANNEL DEVICE TYPE DISK FORMAT '${db.backup}/%U';
CONFIGURE CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE DISK TO '${db.backup}/%F';
CONFIGURE SNAPSHOT CONTROLFILE NAME TO '${db.backup}/snapcf_orcl.f';
`
  const refresh = (): string => `set echo on;
CONNECT TARGET /@orcl
run {
backup incremental level 1 for recover of copy with tag 'image_copy_backup' database;
recover copy of database with tag 'image_copy_backup';
delete noprompt backupset tag 'image_copy_backup';
delete noprompt force archivelog until time 'sysdate-2';
backup spfile tag 'image_copy_backup';
backup current controlfile format '${db.backup}/after_backup_controlfile.cf' reuse tag 'image_copy_backup';
delete noprompt obsolete recovery window of 2 days;
show all;
}
`

  it('the configuration', async () => {
    const [real = []] = sessions('orcl_20161108T215324_config.log')
    const script = `set echo on;\nCONNECT TARGET /@orcl\n\n${settings()}EXIT\n`
    await runScript(db, script)
    const { output: ours } = await runScript(db, script)
    expect(kinds(output(ours))).toEqual(kinds(real))
  })

  it('a refresh', async () => {
    const [real = []] = sessions('orcl_20161108T215335_imagecopywithsnap.log')
    await runScript(db, `connect target /\n${settings()}`)
    await runScript(db, refresh())
    const { output: ours } = await runScript(db, `${refresh()}\nEXIT\n`)
    expect(kinds(output(ours))).toEqual(kinds(real))
  })

  it('a restore: control file, catalog, switch, recovery, validation', async () => {
    const real = sessions('autorestore-full-validation-20161108T224851-orcl.log')
    await runScript(db, `connect target /\n${settings()}`)
    await runScript(db, refresh())
    for (const sequence of [91, 92]) await db.addLog(sequence)
    const piece = `${db.backup}/cf_for_test.cf`
    await runScript(db, `connect target /\nbackup current controlfile format '${piece}' tag 'x';\n`)
    db.status = 'STARTED'
    const first = await runScript(db, `set echo on;\nconnect target /\nrun {\nallocate channel c1 device type disk;\nrestore controlfile from '${piece}';\n}\nexit\n`)
    expect(kinds(output(first.output)).slice(0, -4)).toEqual(kinds(real[0] ?? []).slice(0, kinds(output(first.output)).length - 4))
    await db.mount()
    const second = await runScript(db, `set echo on;\nconnect target /\nchange archivelog all uncatalog;\nchange backup device type disk unavailable;\nchange copy of database uncatalog;\ncatalog start with '${db.backup}/' noprompt;\nexit\n`)
    /** Lists are as long as there are files: repetitions count once. */
    const shape = (lines: readonly string[]): string[] => lines.filter((line, at) => line === '' || (line !== lines[at - 1] && line !== lines[at - 2]))
    const part = (lines: readonly string[], from: string, to: string): string[] => shape(lines.slice(lines.indexOf(from), lines.lastIndexOf(to) + 1))
    const ours = kinds(output(second.output))
    const theirs = kinds(real[0] ?? [])
    expect(part(ours, 'uncataloged archived log', 'cataloging done')).toEqual(part(theirs, 'uncataloged archived log', 'cataloging done'))
    const third = await runScript(db, `set echo on;\nconnect target /\nswitch database to copy;\n\nrun {\nallocate channel c1 device type disk;\nset newname for database to new;\nset until time "to_date('2016-11-08 22:39:45', 'yyyy-mm-dd hh24:mi:ss')";\nrecover database;\n}\nexit\n`)
    expect(kinds(output(third.output))).toEqual(kinds(real[1] ?? []))
    db.status = 'OPEN'
    db.data!.type = 'CURRENT'
    const fourth = await runScript(db, 'set echo on;\nconnect target /\nbackup validate check logical database;\nexit\n')
    expect(kinds(output(fourth.output)).sort()).toEqual(kinds(real[2] ?? []).sort())
  })
})
