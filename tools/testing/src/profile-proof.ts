import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createStage } from './stage.ts'
import type { IcbDocument, Stage, StageOptions } from './stage.ts'

/** One kind of database that the product has to work with. */
export interface ProfileCase {
  readonly name: string
  readonly stage: StageOptions
  /** Redo threads that a recovery must read. */
  readonly threads?: number
  /** PDBs, the seed included, that the manifest must list. */
  readonly pdbs?: readonly string[]
  /** The database has a standby, which then stays behind: the logs that it lacks must be kept. */
  readonly standbyLags?: boolean
}

const labInit = (...words: readonly string[]): StageOptions => ({ labInit: words })

/** Everything of the matrix, by name. */
export const profileCases: readonly ProfileCase[] = [
  { name: '11.2.0.4', stage: labInit('--profile', '11.2.0.4') },
  { name: '12.1.0.2', stage: labInit('--profile', '12.1.0.2') },
  { name: '12.1.0.2 CDB', stage: labInit('--profile', '12.1.0.2-cdb'), pdbs: ['PDB$SEED', 'PDB1', 'PDB2'] },
  { name: '19c', stage: labInit('--profile', '19c') },
  { name: '19c CDB', stage: labInit('--profile', '19c-cdb'), pdbs: ['PDB$SEED', 'PDB1', 'PDB2'] },
  { name: '23ai', stage: labInit('--profile', '23ai'), pdbs: ['PDB$SEED', 'PDB1', 'PDB2'] },
  { name: '11.2.0.4 Standard', stage: labInit('--profile', '11.2.0.4', '--edition', 'standard') },
  { name: '19c Standard', stage: labInit('--profile', '19c', '--edition', 'standard') },
  { name: '12.1.0.2 cluster', stage: labInit('--profile', '12.1.0.2', '--instances', '2'), threads: 2 },
  { name: '19c CDB cluster', stage: labInit('--profile', '19c-cdb', '--instances', '2'), threads: 2, pdbs: ['PDB$SEED', 'PDB1', 'PDB2'] },
  { name: '19c with a standby', stage: { ...labInit('--profile', '19c', '--standby'), databaseConfig: { hasDataGuard: true } }, standbyLags: true },
  { name: '19c standby', stage: { ...labInit('--profile', '19c'), backUpStandby: { applyLagMs: 1000 } } },
  { name: '12.1.0.2 CDB standby', stage: { ...labInit('--profile', '12.1.0.2-cdb'), backUpStandby: { applyLagMs: 1000 } }, pdbs: ['PDB$SEED', 'PDB1', 'PDB2'] },
]

/** What a proof found. */
export interface ProfileProof {
  readonly name: string
  /** Seconds of each command. */
  readonly seconds: Readonly<Record<string, number>>
  readonly warnings: readonly string[]
  readonly datafiles: number
  /** Archived logs by thread that the recovery point lists. */
  readonly logs: Readonly<Record<string, number>>
  readonly blocksExamined: number
}

interface TestedPoint {
  readonly restoreTests: readonly { readonly verdict: { readonly outcome: string; readonly reasons: readonly unknown[]; readonly snapshot?: string; readonly validation: { readonly blocksExamined: number } } }[]
}

interface PointManifest {
  readonly copies: readonly { readonly pdb?: string }[]
  readonly logs: readonly { readonly thread: number }[]
}

/** Commits on every instance of the stage's primary. */
async function work(stage: Stage, proof: ProfileCase): Promise<void> {
  const instances = proof.threads === undefined ? [[]] : Array.from({ length: proof.threads }, (_, i) => ['--instance', `${stage.primary}${String(i + 1)}`])
  for (const instance of instances) {
    const result = await stage.lab(['workload', stage.labDirectory, stage.primary, '--transactions', '30', ...instance])
    if (result.exitCode !== 0) throw new Error(`the workload failed: ${result.stderr}`)
  }
}

/** The manifest of the recovery point, in the snapshot's directory of the local adapter. */
function manifestOf(stage: Stage, snapshot: string): PointManifest {
  const names = readdirSync(join(stage.labDirectory, 'nfs'), { recursive: true, encoding: 'utf8' })
  const file = names.find((name) => name.endsWith(`${snapshot}/tree/icb-manifest.json`))
  if (file === undefined) throw new Error(`no manifest was found of ${snapshot}`)
  return JSON.parse(readFileSync(join(stage.labDirectory, 'nfs', file), 'utf8')) as PointManifest
}

/**
 * The standby stops applying. By the deletion policy that `icb configure` set, RMAN keeps a log that it has not applied, and
 * so does a backup.
 * @throws Error when one of them is gone
 */
async function proveLogsAreKept(stage: Stage, proof: ProfileCase): Promise<void> {
  const standby = `${stage.primary}sb`
  // The number at the end of what SQL*Plus prints.
  const ask = async (alias: string, text: string): Promise<string> => {
    const { stdout } = await stage.sqlplus('prod', `set heading off feedback off pagesize 0\nconnect /@${alias} as sysdba\n${text};\nexit\n`)
    return /(\d+)\s*$/.exec(stdout)?.[1] ?? ''
  }
  await ask(standby, 'alter system set "_lab_apply_lag_ms" = 3600000 scope=memory')
  await work(stage, proof)
  await ask(stage.primary, 'alter system archive log current')
  const last = Number(await ask(stage.primary, 'select max(sequence#) from v$log_history'))
  const deleted = await stage.rman('prod', `connect target /@${stage.primary}\nDELETE NOPROMPT ARCHIVELOG FROM SEQUENCE ${String(last)} THREAD 1;\nexit;\n`)
  if (!/RMAN-0(8120|8137)/.test(deleted.stdout)) throw new Error(`${proof.name}: RMAN deleted logs that the standby has not applied: ${deleted.stdout}`)
  const backup = await stage.icbJson('prod', ['backup', stage.database])
  if (!backup.ok) throw new Error(`${proof.name}: the backup with a lagging standby ended with ${String(backup.exitCode)}: ${JSON.stringify(backup.error)}`)
  const kept = Number(await ask(stage.primary, `select count(*) from v$archived_log where sequence# = ${String(last)} and standby_dest = 'NO' and deleted = 'NO'`))
  if (!(kept > 0)) throw new Error(`${proof.name}: no file of log ${String(last)} is left, and the standby has not applied it`)
  await ask(standby, 'alter system set "_lab_apply_lag_ms" = 0 scope=memory')
}

/**
 * `icb configure`, `icb backup` twice with work between and `icb restore-test` on one kind of database.
 * @throws Error at the first command that does not end well, and when the recovery point lacks what the profile has
 */
export async function proveProfile(proof: ProfileCase, options: { readonly validate: boolean; readonly after?: (stage: Stage) => Promise<void> }): Promise<ProfileProof> {
  await using stage = await createStage(proof.stage)
  const seconds: Record<string, number> = {}
  const warnings: string[] = []
  const icb = async (name: string, host: 'prod' | 'sandbox', ...args: readonly string[]): Promise<IcbDocument> => {
    const started = performance.now()
    const document = await stage.icbJson(host, args)
    seconds[name] = Math.round((performance.now() - started) / 100) / 10
    warnings.push(...document.warnings.map((warning) => warning.code))
    if (!document.ok) throw new Error(`${proof.name}: icb ${args.join(' ')} ended with ${String(document.exitCode)}\n${JSON.stringify({ error: document.error, result: document.result }, undefined, 1).slice(0, 6000)}`)
    return document
  }
  await icb('configure', 'prod', 'configure', stage.database, '--yes')
  await work(stage, proof)
  await icb('first backup', 'prod', 'backup', stage.database)
  await work(stage, proof)
  await icb('backup', 'prod', 'backup', stage.database)
  const tested = (await icb('restore test', 'sandbox', 'restore-test', stage.database, '--validate', options.validate ? 'always' : 'never')).result as TestedPoint
  const verdict = tested.restoreTests[0]?.verdict
  if (verdict?.outcome !== 'passed') throw new Error(`${proof.name}: the restore test ended as ${verdict?.outcome ?? 'nothing'}: ${JSON.stringify(verdict?.reasons)}`)
  const manifest = manifestOf(stage, verdict.snapshot ?? '')
  const logs: Record<string, number> = {}
  for (const { thread } of manifest.logs) logs[String(thread)] = (logs[String(thread)] ?? 0) + 1
  const pdbs = new Set(manifest.copies.map((copy) => copy.pdb))
  for (const pdb of proof.pdbs ?? []) if (!pdbs.has(pdb)) throw new Error(`${proof.name}: no copy of ${pdb} is in the manifest`)
  if (Object.keys(logs).length < (proof.threads ?? 1)) throw new Error(`${proof.name}: the manifest lists logs of threads ${Object.keys(logs).join(', ')} only`)
  if (proof.standbyLags === true) await proveLogsAreKept(stage, proof)
  await options.after?.(stage)
  return { name: proof.name, seconds, warnings: [...new Set(warnings)], datafiles: manifest.copies.length, logs, blocksExamined: verdict.validation.blocksExamined }
}
