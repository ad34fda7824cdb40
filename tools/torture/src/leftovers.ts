import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { readJournals, readLease } from '@icb/runtime'
import { leftOver } from './findings.ts'
import type { Finding } from './findings.ts'
import { instanceOf, programsOf } from './processes.ts'
import type { Stand } from './stand.ts'

/** Everything that should not be there when the next normal cycle is over. */
export async function findLeftovers(stand: Stand): Promise<readonly Finding[]> {
  const texts = [...storageLeftovers(stand), ...instanceLeftovers(stand), ...scratchLeftovers(stand), ...mountLeftovers(stand), ...(await journalLeftovers(stand)), ...(await leaseLeftovers(stand)), ...areaLeftovers(stand), ...ledgerLeftovers(stand), ...(await sessionLeftovers(stand))]
  return texts.map(leftOver)
}

const names = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : [])

function storageLeftovers({ snapshotDirectory, foreign }: Stand): readonly string[] {
  const clones = names(join(snapshotDirectory, 'clones'))
  return [
    ...clones.filter((name) => name !== foreign.clone).map((name) => `clone ${name}`),
    ...(clones.includes(foreign.clone) ? [] : [`no clone ${foreign.clone}: it was somebody else's`]),
    ...names(join(snapshotDirectory, 'snapshots')).filter((name) => name.startsWith('.')).map((name) => `half snapshot ${name}`),
    ...strangeFiles(join(snapshotDirectory, 'snapshots'), ['owner.json', 'snapshot.json', 'tree', 'labels.json', 'hold.json'], [foreign.snapshot]),
    ...strangeFiles(join(snapshotDirectory, 'clones'), ['owner.json', 'clone.json', 'tree'], []),
    ...clonesWithoutSnapshot(snapshotDirectory),
    ...names(snapshotDirectory).filter((name) => !['volume.json', 'snapshots', 'clones'].includes(name)).map((name) => `${name} in the snapshot directory`),
    ...names(dirname(snapshotDirectory)).filter((name) => name.startsWith('.icb-probe-')).map((name) => `probe file ${name}`),
  ]
}

/** What does not belong beside the tree of a snapshot or clone. */
function strangeFiles(directory: string, own: readonly string[], except: readonly string[]): readonly string[] {
  return names(directory).filter((name) => !name.startsWith('.') && !except.includes(name)).flatMap((name) => names(join(directory, name)).filter((file) => !own.includes(file)).map((file) => `${file} in ${name}`))
}

function clonesWithoutSnapshot(snapshotDirectory: string): readonly string[] {
  const snapshots = names(join(snapshotDirectory, 'snapshots'))
  return names(join(snapshotDirectory, 'clones')).filter((name) => !name.startsWith('.')).flatMap((name) => {
    const { snapshot } = JSON.parse(readFileSync(join(snapshotDirectory, 'clones', name, 'clone.json'), 'utf8')) as { snapshot: string }
    return snapshots.includes(snapshot) ? [] : [`clone ${name} of the snapshot ${snapshot}, which is gone`]
  })
}

function instanceLeftovers({ stage }: Stand): readonly string[] {
  return [
    ...(instanceOf(stage.slot) === undefined ? [] : [`instance ${stage.slot}`]),
    ...programsOf(stage.labDirectory).filter((program) => program.arguments.some((argument) => argument.includes('/hosts/'))).map((program) => `process ${String(program.pid)}: ${program.arguments.slice(-5).join(' ')}`),
  ]
}

function scratchLeftovers({ stage }: Stand): readonly string[] {
  const home = join(stage.labDirectory, 'hosts', 'sandbox', 'home')
  return [
    ...names(stage.scratch).filter((name) => name !== '.icb-sandbox').map((name) => `${name} in the scratch directory`),
    // hc_<SID>.dat and lk<NAME>, which an instance makes in its home.
    ...names(join(home, 'dbs')).filter((name) => name.includes(stage.slot)).map((name) => `${name} in the sandbox's home`),
  ]
}

function mountLeftovers({ stage }: Stand): readonly string[] {
  return readFileSync('/proc/self/mounts', 'utf8').split('\n').flatMap((line) => {
    const place = line.split(' ')[1] ?? ''
    return place.startsWith(stage.directory) ? [`mount at ${place}`] : []
  })
}

async function journalLeftovers(stand: Stand): Promise<readonly string[]> {
  const found: string[] = []
  for (const host of ['prod', 'sandbox'] as const) {
    const root = stand.stateDirectory(host)
    const directory = join(root, 'journals')
    for (const run of await readJournals(directory)) {
      if (!run.finished) found.push(`the journal of ${run.header.action} ${run.runId} has no end`)
      for (const step of run.steps) if (step.state === 'open' || step.state === 'half-done') found.push(`step ${step.name} of ${run.header.action} ${run.runId} is ${step.state} in its journal`)
    }
    found.push(...temporaryFiles(root).map((path) => `temporary file ${relative(root, path)} in the state directory of ${host}`))
    found.push(...names(join(root, 'ledger-spool')).map((name) => `verdict ${name} in the spool of ${host}`))
  }
  return found
}

/** Leases are released, and nobody's claim or private file lies beside them. */
async function leaseLeftovers(stand: Stand): Promise<readonly string[]> {
  const found: string[] = []
  const own = join(stand.stateDirectory('sandbox'), 'leases')
  for (const path of [join(stand.stage.areaPath, '.icb', 'lease'), ...names(own).filter((name) => name.endsWith('.lease')).map((name) => join(own, name))]) {
    if ((await readLease(path))?.released === false) found.push(`the lease ${path} is held`)
    found.push(...names(dirname(path)).filter((name) => name.includes('.claim-')).map((name) => `claim ${name} beside a lease`))
  }
  return found
}

/** What may lie in the area: copies, control file and SPFILE backups, the product's own files. */
const ownFiles: readonly RegExp[] = [/^data_D-[^/]+$/, /^archivelog\/(?:[^/]+\.(?:dbf|arc)|arch_D-[^/]+)$/, /^autorestore\.cfg$/, /^environment\.json$/, /^icb-manifest\.json$/, /^after_backup_controlfile\.cf$/, /^controlfile_[^/]+\.cf$/, /^[0-9a-z]{8,}_1_1$/, /^c-\d+-\d{8}-[0-9a-f]{2}$/, /^snapcf_[^/]+\.f$/, /^backup_logs\/[^/]+$/, /^\.icb\/(?:area-id|points\.jsonl|lease|pins\.json)$/]

function areaLeftovers({ stage }: Stand): readonly string[] {
  const found: string[] = []
  const files = (readdirSync(stage.areaPath, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => relative(stage.areaPath, join(entry.parentPath, entry.name)))
  for (const file of files) if (!ownFiles.some((own) => own.test(file))) found.push(`${file} in the backup area`)
  // Each run writes one and deletes those before it.
  for (const [what, pattern] of [['control file backups', /^controlfile_[^/]+\.cf$/], ['SPFILE backups', /^[0-9a-z]{8,}_1_1$/]] as const) {
    const count = files.filter((file) => pattern.test(file)).length
    if (count > 1) found.push(`${String(count)} ${what} in the area`)
  }
  return found
}

function ledgerLeftovers({ ledgerDirectory, stage }: Stand): readonly string[] {
  const directory = join(ledgerDirectory, stage.database)
  const files = new Set(names(directory))
  return [
    ...[...files].filter((name) => name.endsWith('.open.json') && !files.has(name.replace('.open.json', '.verdict.json'))).map((name) => `ledger row ${name} without a verdict`),
    ...temporaryFiles(ledgerDirectory).map((path) => `temporary file ${relative(ledgerDirectory, path)} in the ledger`),
  ]
}

function temporaryFiles(root: string): readonly string[] {
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && /\.(?:tmp|new)$|^\.probe-/.test(entry.name)).map((entry) => join(entry.parentPath, entry.name))
}

/** RMAN sessions of ours in the database. */
async function sessionLeftovers(stand: Stand): Promise<readonly string[]> {
  const rows = await stand.sql('prod', stand.stage.database, "select sid, client_info from gv$session where client_info like 'id=%'")
  return rows.map((row) => `RMAN session ${row[0] ?? ''} (${row[1] ?? ''})`)
}
