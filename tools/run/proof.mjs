// Long proofs: the same tests as in `npm test`, at full size. `npm run proof:slots`.
import { buildPrograms, install } from './install.mjs'
import { installSystemPackages } from './system-packages.mjs'
import { run, say, toolEnvironment } from './workspace.mjs'

const proofs = {
  guards: { about: 'planted dangers, each refused with nothing changed', projects: ['autorestore', 'backup'], file: 'test/guards', reporters: ['default', './tools/run/guard-table.mjs'] },
  secrets: { about: 'planted secrets of every kind, a cycle with failures at debug level, every sink searched', project: 'icb', file: 'test/secrets' },
  slots: { about: '12 restore tests in 4 slots', project: 'icb', file: 'test/slots', env: { ICB_PROOF_TESTS: '12', ICB_PROOF_SLOTS: '4' } },
  fleet: { about: 'a fleet of 40 databases, 3 of them broken', project: 'icb', file: 'test/fleet', env: { ICB_PROOF_DATABASES: '40' } },
  profiles: { about: 'configure, back up twice and restore-test on every release, edition and kind of database', project: 'icb', file: 'test/profiles', env: { ICB_PROOF_PROFILES: 'all' } },
  restores: { about: 'ten days of backups: every point and every gap restored, byte for byte', project: 'icb', file: 'test/restore.test', env: { ICB_PROOF_DAYS: '10' } },
  keystores: { about: 'encrypted tablespaces, of a database and of a PDB, with and without their keystore', project: 'icb', file: 'test/keystore', env: { ICB_PROOF_KEYSTORES: 'all' } },
  rescue: { about: 'a destroyed database rescued in place, killed in every step, on four releases', project: 'icb', file: 'test/rescue', env: { ICB_PROOF_RESCUE: 'full' } },
  mounts: { about: 'clones mounted through sudo by the helper that icb writes: what it does, what it refuses, and after a kill', projects: ['autorestore', 'icb'], file: 'test/mount-helper', env: { ICB_PROOF_MOUNTS: 'full' }, packages: [{ program: '/bin/mergerfs', package: 'mergerfs' }, { program: '/bin/sudo', package: 'sudo' }] },
  asm: { about: 'databases whose every file is in disk groups: backed up, restore-tested, restored, rebuilt by the script and by a rescue', project: 'icb', file: 'test/asm', env: { ICB_PROOF_ASM: 'full' } },
  schedule: { about: 'jobs of DBMS_SCHEDULER on every release', project: 'icb', file: 'test/schedule', env: { ICB_ALL_PROFILES: '1' } },
  migrate: { about: 'out of the original while its job runs, every step killed before every change that it makes', project: 'icb', file: 'test/migrate', env: { ICB_PROOF_MIGRATE: 'full' }, packages: [{ program: '/bin/mergerfs', package: 'mergerfs' }] },
  monitoring: { about: "Prometheus' own parser and Chromium look at what is reported", project: 'icb', file: 'test/monitoring', env: { ICB_PROOF_MONITORING: '1' }, packages: [{ program: '/usr/bin/promtool', package: 'prometheus' }, { program: '/usr/bin/chromium', package: 'chromium' }] },
}
const [name = '', ...more] = process.argv.slice(2)
const proof = proofs[name]
if (proof === undefined) {
  say(`proofs: ${Object.keys(proofs).join(', ')}`)
  process.exit(2)
}
await install()
await installSystemPackages(proof.packages ?? [])
await buildPrograms()
say(`\n── ${proof.about}`)
process.exitCode = await run('vitest', ['run', ...(proof.projects ?? [proof.project]).flatMap((project) => ['--project', project]), ...(proof.reporters ?? []).flatMap((reporter) => ['--reporter', reporter]), proof.file, ...more], { env: toolEnvironment(proof.env) })
