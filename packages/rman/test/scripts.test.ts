import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  catalogScript,
  clearConfigurationScript,
  clearSettingsScript,
  configureScript,
  copyArchivedLogsScript,
  crosscheckArchivedLogsScript,
  deleteArchivedLogsScript,
  deleteDatafileCopiesScript,
  deleteIncrementsScript,
  deletePiecesScript,
  metadataBackupScript,
  normaliseSetting,
  recoverScript,
  refreshScript,
  reportScript,
  restoreConfigurationScript,
  restoreControlfileScript,
  restoreMissingDatafilesScript,
  settingsOf,
  switchTempfilesScript,
  switchToCopyScript,
  uncatalogScript,
  validateBackupScript,
  validateDatabaseScript,
} from '../src/index.ts'

const area = '/nfs/backup/orcl'

/** What every builder writes, byte for byte. */
const golden: Readonly<Record<string, string>> = {
  configure: configureScript({
    deletionPolicy: 'none',
    recoveryWindowDays: 2,
    backupOptimization: true,
    diskIsDefault: true,
    controlfileAutobackup: true,
    parallel: 4,
    channelDirectory: area,
    autobackupDirectory: area,
    snapshotControlfile: `${area}/snapcf_orcl.f`,
  }),
  'configure-standby': configureScript({ deletionPolicy: 'applied-on-all-standby' }),
  refresh: refreshScript({ area, parallel: 4, sectionSize: '32g' }),
  'delete-increments': deleteIncrementsScript(),
  metadata: metadataBackupScript({ area, controlFile: 'controlfile_4f1c22aa-m3x.cf' }),
  'metadata-without-spfile': metadataBackupScript({ area, controlFile: 'controlfile_4f1c22aa-m3x.cf', spfile: false }),
  'delete-pieces': deletePiecesScript({ handles: [`${area}/controlfile_a.cf`, `${area}/controlfile_b.cf`] }),
  'delete-copies': deleteDatafileCopiesScript({ names: [`${area}/data_D-ORCL_I-1_TS-USERS_FNO-4_0a`] }),
  'delete-archived-logs': deleteArchivedLogsScript({
    threads: [
      { thread: 1, throughSequence: 92 },
      { thread: 2, throughSequence: 41 },
    ],
  }),
  'copy-archived-logs': copyArchivedLogsScript({
    directory: `${area}/archivelog/`,
    logs: [
      { thread: 1, sequence: 90 },
      { thread: 2, sequence: 7 },
    ],
  }),
  crosscheck: crosscheckArchivedLogsScript(),
  'restore-controlfile': restoreControlfileScript({ piece: '/mnt/icb01/controlfile_4f1c22aa-m3x.cf' }),
  'clear-configuration': clearConfigurationScript({
    snapshotControlfile: '/scratch/icb01/snapcf.f',
    found: [
      { name: 'CHANNEL', value: "1 DEVICE TYPE DISK FORMAT '/u01/%U'" },
      { name: 'CHANNEL', value: "DEVICE TYPE 'SBT_TAPE' PARMS 'x'" },
      { name: 'DEVICE TYPE', value: "'SBT_TAPE' PARALLELISM 2" },
      { name: 'CONTROLFILE AUTOBACKUP', value: 'ON' },
    ],
  }),
  uncatalog: uncatalogScript(),
  catalog: catalogScript({ prefixes: ['/mnt/icb01/archivelog/', '/mnt/icb01/data_'] }),
  'restore-missing': restoreMissingDatafilesScript({ files: Array.from({ length: 60 }, (_, index) => index + 100) }),
  'switch-to-copy': switchToCopyScript(),
  'switch-tempfiles': switchTempfilesScript({ files: [1, 2] }),
  'recover-scn': recoverScript({ target: { kind: 'scn', scn: 18_446_744_073_709_551_000n }, parallel: 2 }),
  'recover-time': recoverScript({ target: { kind: 'time', time: '2026-03-29 02:30:00' } }),
  validate: validateDatabaseScript({ parallel: 4 }),
  report: reportScript({ recoveryWindowDays: 2 }),
  'validate-backup': validateBackupScript({ parallel: 2 }),
}

describe('script builders', () => {
  it.each(Object.keys(golden))('%s is as recorded', async (name) => {
    await expect(golden[name]).toMatchFileSnapshot(`golden/${name}.rman`)
  })

  it('an inclusive target becomes an exclusive UNTIL', () => {
    expect(recoverScript({ target: { kind: 'scn', scn: 804_125n } })).toContain('SET UNTIL SCN 804126;')
  })

  it('[H5] FORCE is never used to delete, and REUSE never to write', () => {
    for (const text of Object.values(golden)) expect(text).not.toMatch(/DELETE[^;]*FORCE|REUSE/)
  })

  it('[M:channels] everything that writes or reads files brings its own channels', () => {
    for (const text of Object.values(golden)) for (const line of text.split('\n')) if (/^(BACKUP|RECOVER|RESTORE|DELETE|CROSSCHECK) (?!.*(NEED|PREVIEW))/.test(line)) expect(text).toContain('ALLOCATE CHANNEL c1 DEVICE TYPE DISK')
  })

  it('a recorded configuration is compared without regard to spacing and case, but not within quotes', () => {
    const [setting] = settingsOf({ channelDirectory: area })
    expect(normaliseSetting(setting!)).toBe("CHANNEL DEVICE TYPE DISK FORMAT '/nfs/backup/orcl/%U'")
    expect(normaliseSetting({ name: 'channel', value: "device type DISK format   '/nfs/backup/orcl/%U'" })).toBe(normaliseSetting(setting!))
    expect(normaliseSetting({ name: 'CHANNEL', value: "DEVICE TYPE DISK FORMAT '/nfs/BACKUP/orcl/%U'" })).not.toBe(normaliseSetting(setting!))
  })

  it('saved settings go back as they were', () => {
    expect(restoreConfigurationScript([{ name: 'DEVICE TYPE', value: 'DISK PARALLELISM 2 BACKUP TYPE TO COMPRESSED BACKUPSET' }])).toBe('CONFIGURE DEVICE TYPE DISK PARALLELISM 2 BACKUP TYPE TO COMPRESSED BACKUPSET;\n')
    expect(clearSettingsScript(['CHANNEL', 'BACKUP OPTIMIZATION'])).toBe('CONFIGURE CHANNEL DEVICE TYPE DISK CLEAR;\nCONFIGURE BACKUP OPTIMIZATION CLEAR;\n')
  })

  it.each([["TO NONE; DELETE ARCHIVELOG ALL"], ['TO NONE\nDELETE ARCHIVELOG ALL'], ["TO 'x' # y"], ["TO 'x"], ['TO NONE }']])('a saved setting with more than one command in it is refused: %s', (value) => {
    expect(() => restoreConfigurationScript([{ name: 'ARCHIVELOG DELETION POLICY', value }])).toThrow(expect.objectContaining({ code: 'ICB_RMAN_SCRIPT' }))
  })

  it.each([
    ['a quote', () => catalogScript({ prefixes: ["/mnt/o'brien/"] })],
    ['a percent sign in a format', () => refreshScript({ area: '/nfs/50%', parallel: 1 })],
    ['a question mark', () => catalogScript({ prefixes: ['?/dbs/'] })],
    ['a path as control file name', () => metadataBackupScript({ area, controlFile: '../x.cf' })],
    ['a tag', () => refreshScript({ area, parallel: 1, copyTag: "x' DATABASE; DELETE" })],
    ['a section size', () => refreshScript({ area, parallel: 1, sectionSize: '32' })],
    ['no channel', () => refreshScript({ area, parallel: 0 })],
    ['a negative SCN', () => recoverScript({ target: { kind: 'scn', scn: -2n } })],
    ['an SCN that cannot be incremented', () => recoverScript({ target: { kind: 'scn', scn: 18_446_744_073_709_551_615n } })],
    ['a time', () => recoverScript({ target: { kind: 'time', time: "2026-01-01 00:00:00') or ('" } })],
    ['no datafile', () => restoreMissingDatafilesScript({ files: [] })],
    ['half a sequence', () => deleteArchivedLogsScript({ threads: [{ thread: 1, throughSequence: 1.5 }] })],
  ])('%s is refused', (_, build) => {
    expect(build).toThrow(expect.objectContaining({ code: 'ICB_RMAN_SCRIPT', remedy: 'fix' }))
  })
})

/** Commands of a script by RMAN's own rules: strings in single quotes, commands end with `;`. */
function commands(script: string): string[] {
  return script
    .replace(/'[^'\n]*'/g, 'S')
    .replace(/"[^"\n]*"/g, 'T')
    .split(/[;{}\n]/)
    .map((command) => command.trim())
    .filter((command) => command !== '')
}

describe('no value can add a command', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ unit: fc.constantFrom("'", '"', ';', '\n', '#', '}', '{', ' ', 'a', '/', '%', '&', '1', '-', '\r', '?', '@', '\\') }))
  const shape = (build: (value: string) => string, plain: string): string[] => commands(build(plain))

  it.each<[string, (value: string) => string, string]>([
    ['catalog', (value) => catalogScript({ prefixes: [value] }), '/x'],
    ['refresh area', (value) => refreshScript({ area: value, parallel: 2 }), '/x'],
    ['refresh tag', (value) => refreshScript({ area: '/x', parallel: 1, copyTag: value }), 't'],
    ['control file', (value) => metadataBackupScript({ area: '/x', controlFile: value }), 'x.cf'],
    ['restore control file', (value) => restoreControlfileScript({ piece: value }), '/x'],
    ['copies', (value) => deleteDatafileCopiesScript({ names: [value] }), '/x'],
    ['snapshot control file', (value) => configureScript({ snapshotControlfile: value }), '/x'],
    ['time', (value) => recoverScript({ target: { kind: 'time', time: value } }), '2026-01-01 00:00:00'],
  ])('%s', (_, build, plain) => {
    const expected = shape(build, plain)
    fc.assert(
      fc.property(text, (value) => {
        let script: string
        try {
          script = build(value)
        } catch (error) {
          return (error as { code?: string }).code === 'ICB_RMAN_SCRIPT'
        }
        // With strings masked, the script is the one that a harmless value makes.
        return JSON.stringify(commands(script)) === JSON.stringify(expected) && script.split('\n').every((line) => line.length <= 4000)
      }),
      { numRuns: 500 },
    )
  })

  it('many files stay below the line limit', () => {
    const script = restoreMissingDatafilesScript({ files: Array.from({ length: 5000 }, (_, index) => index + 1) })
    expect(Math.max(...script.split('\n').map((line) => line.length))).toBeLessThan(4000)
    expect(script.match(/\d+(?=[,;])/g)).toHaveLength(5000)
  })
})
