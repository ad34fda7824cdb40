import { rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BackedUpLab, backedUpLab } from '../support/backed-up-lab.ts'
import { makeLab } from '../support/lab.ts'
import { rmanOn } from '../support/rman.ts'

// Warnings of RMAN, brought about by what causes them. None of them fails the command. Those about standbys are in standby.test.ts.

let lab: BackedUpLab
beforeAll(async () => {
  lab = await backedUpLab()
  await lab.backup()
  await lab.point()
}, 60_000)
afterAll(async () => { await lab.remove() })

const real = (name: string | null | undefined): string => lab.lab.host.real(name ?? '')
const logs = async (): Promise<readonly (readonly (string | null)[])[]> => lab.sql("select name from v$archived_log where deleted = 'NO' and standby_dest = 'NO' order by sequence#")

const cases: readonly (readonly [codes: string, cause: string, bring: () => Promise<string>])[] = [
  ['RMAN-08591', 'the deletion policy counts on a standby, and there is none', async () => {
    const output = await lab.rman('CONFIGURE ARCHIVELOG DELETION POLICY TO APPLIED ON ALL STANDBY;\n')
    await lab.rman('CONFIGURE ARCHIVELOG DELETION POLICY TO NONE;\n')
    return output
  }],
  ['RMAN-08138', 'a log was not backed up as often as the policy wants', async () => {
    const output = await lab.rman('CONFIGURE ARCHIVELOG DELETION POLICY TO BACKED UP 1 TIMES TO DISK;\nDELETE NOPROMPT ARCHIVELOG ALL;\n')
    expect(output).toMatch(/archived log file name=\S+ thread=1 sequence=\d+/)
    const after = await lab.rman(`BACKUP ARCHIVELOG ALL FORMAT '${lab.area}/%U' DELETE ALL INPUT;\nCONFIGURE ARCHIVELOG DELETION POLICY TO NONE;\n`)
    expect(after).not.toContain('RMAN-08138')
    expect(after).toContain('deleting archived log(s)')
    await lab.point()
    return output
  }],
  ['RMAN-08139', 'a guaranteed restore point needs the log', async () => {
    await lab.sql('create restore point before_release guarantee flashback database')
    await lab.point()
    const output = await lab.rman('DELETE NOPROMPT ARCHIVELOG ALL;\n')
    expect(await lab.sql('select name, guarantee_flashback_database from v$restore_point')).toEqual([['BEFORE_RELEASE', 'YES']])
    expect(await lab.sql('select flashback_on from v$database')).toEqual([['RESTORE POINT ONLY']])
    await lab.sql('drop restore point before_release')
    expect(await lab.sql('select flashback_on from v$database')).toEqual([['NO']])
    expect(await lab.rman('DELETE NOPROMPT ARCHIVELOG ALL;\n')).toContain('deleted archived log')
    await lab.point()
    return output
  }],
  ['RMAN-06207 RMAN-06208 RMAN-06210 RMAN-06211 RMAN-06212 RMAN-06213 RMAN-06214', 'a log is gone from disk that the control file has as available', async () => {
    const [[name] = []] = await logs()
    await rm(real(name))
    const output = await lab.rman('DELETE NOPROMPT ARCHIVELOG ALL;\n')
    expect(output).toContain(`RMAN-06214: Archivelog      ${name ?? ''}`)
    expect(await lab.rman('CROSSCHECK ARCHIVELOG ALL;\nDELETE NOPROMPT EXPIRED ARCHIVELOG ALL;\n')).toContain('Deleted 1 EXPIRED objects')
    return output
  }],
  ['RMAN-06497', 'the control file was restored, and a backup would be followed by its autobackup', async () => {
    const { copy, area } = await lab.restored({ switched: false })
    return lab.rman(`CONFIGURE CONTROLFILE AUTOBACKUP ON;\nBACKUP AS COPY FORMAT '${area}/again_%U' TAG 'moved' COPY OF DATABASE FROM TAG 'copies';\n`, copy)
  }],
  ['RMAN-06908 RMAN-06909', 'several channels in Standard Edition', async () => {
    const standard = await makeLab({ edition: 'SE' })
    try {
      return await rmanOn(await standard.open(), 'CONFIGURE DEVICE TYPE DISK PARALLELISM 2;\nBACKUP VALIDATE DATABASE;\n')
    } finally {
      await standard.remove()
    }
  }],
  ['RMAN-06900 RMAN-06901 ORA-19922', 'the row of the session in V$RMAN_STATUS was overwritten by those of its many commands', async () => lab.rman('CROSSCHECK BACKUP;\n'.repeat(420))],
  ['RMAN-06060', 'a datafile that cannot be read is skipped', async () => {
    await lab.sql('create tablespace apart datafile size 1m')
    const [[file, name] = []] = await lab.sql("select file#, name from v$datafile where name like '%apart%'")
    await lab.sql(`alter database datafile ${file ?? ''} offline`)
    await rename(real(name), `${real(name)}.away`)
    const output = await lab.rman(`BACKUP DATABASE FORMAT '${lab.area}/%U' SKIP OFFLINE TAG 'partial';\n`)
    expect(output).not.toContain('RMAN-00569')
    return output
  }],
  ['RMAN-06061', 'an archived log that is gone is skipped', async () => {
    await lab.point()
    for (const [name] of (await logs()).slice(-2)) await rm(real(name))
    const output = await lab.rman(`BACKUP ARCHIVELOG ALL FORMAT '${lab.area}/%U' SKIP INACCESSIBLE;\n`)
    expect(output).toContain('skipping inaccessible archived log file')
    await lab.rman('CROSSCHECK ARCHIVELOG ALL;\nDELETE NOPROMPT EXPIRED ARCHIVELOG ALL;\n')
    return output
  }],
  ['RMAN-07517', 'a file that is none of a database lies among those to be cataloged', async () => lab.rman(`CATALOG START WITH '${path.join(lab.lab.dir, 'lab.json')}' NOPROMPT;\n`)],
]

describe('a warning of RMAN', () => {
  it.each(cases)('%s: %s', async (codes, _cause, bring) => {
    const output = await bring()
    for (const code of codes.split(' ')) expect(output).toMatch(new RegExp(`^\\s*${code}`, 'm'))
    expect(output).not.toContain('RMAN-00569')
  }, 60_000)

  it('RMAN-06169 stands above RMAN-06056: the header of a datafile cannot be read', async () => {
    const output = await lab.rman(`BACKUP DATABASE FORMAT '${lab.area}/%U' TAG 'partial';\n`)
    expect(output).toMatch(/RMAN-06169: could not read file header for datafile \d+ error reason 4\n[^]*RMAN-03002: failure of backup command at [^\n]*\nRMAN-06056: could not access datafile \d+/)
  }, 60_000)
})
