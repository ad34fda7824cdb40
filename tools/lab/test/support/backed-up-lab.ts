import { cp, mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { LabInstance } from '../../src/engine/instance.ts'
import { runWorkload } from '../../src/engine/workload.ts'
import { executeSql } from '../../src/sql-engine.ts'
import { type TestLab, makeLab, session } from './lab.ts'
import { rmanOn } from './rman.ts'

/** A database with image copies, archived logs and a control file backup in an area, and what a test does with them. */
export interface BackedUpLab {
  readonly lab: TestLab
  readonly db: LabInstance
  readonly area: string
  work(transactions: number): Promise<bigint>
  sql(text: string, on?: LabInstance): Promise<readonly (readonly (string | null)[])[]>
  rman(script: string, on?: LabInstance): Promise<string>
  /** Copies of all files (or of those that have none), and a control file backup that knows them. */
  backup(): Promise<void>
  /** Some transactions, then a log switch; the SCN of the last transaction but a few. */
  point(): Promise<bigint>
  /** An instance on the sandbox with the control file of a copy of the area, mounted, as the product does it. */
  restored(options?: { readonly catalog?: boolean; readonly switched?: boolean; readonly parameters?: Record<string, string> }): Promise<{ readonly copy: LabInstance; readonly area: string }>
  remove(): Promise<void>
}

export async function backedUpLab(options: Parameters<typeof makeLab>[0] = {}): Promise<BackedUpLab> {
  const lab = await makeLab(options)
  const area = path.join(lab.dir, 'nfs', 'backup', 'orcl')
  await mkdir(path.join(area, 'archivelog'), { recursive: true })
  const db = await lab.open()
  await db.setParameter('log_archive_dest_1', 'LOCATION=USE_DB_RECOVERY_FILE_DEST MANDATORY', 'both')
  await db.setParameter('log_archive_dest_2', `LOCATION=${area}/archivelog/`, 'both')
  let clones = 0
  const rman: BackedUpLab['rman'] = (script, on = db) => rmanOn(on, script)
  const work = async (transactions: number): Promise<bigint> => (await runWorkload(db, { transactions, seconds: undefined, perSecond: undefined, signal: new AbortController().signal })).lastScn
  const run = (body: string): string => `RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${area}/%U';\n${body}\n}\n`
  await work(10)
  return {
    lab, db, area, work, rman,
    sql: async (text, on = db) => (await executeSql(on, session(on), text)).rows ?? [],
    backup: async () => {
      await rman(run("BACKUP INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'copies' DATABASE TAG 'incr';\nRECOVER COPY OF DATABASE WITH TAG 'copies';\nDELETE NOPROMPT BACKUPSET TAG 'incr';"))
      await rman(run(`BACKUP CURRENT CONTROLFILE FORMAT '${area}/after.cf' REUSE TAG 'copies';`))
    },
    point: async () => {
      const scn = await work(5)
      await work(5)
      await db.archiveLogCurrent()
      return scn
    },
    restored: async ({ catalog = true, switched = true, parameters = {} } = {}) => {
      clones += 1
      const clone = path.join(lab.dir, `clone${clones}`)
      await cp(area, clone, { recursive: true })
      const scratch = path.join(clone, 'scratch')
      await mkdir(scratch)
      const copy = lab.instanceWith(lab.sandbox, `icb${clones}`, {
        db_name: 'orcl', db_unique_name: `icb${clones}`, control_files: `${scratch}/restore.cf`, db_create_file_dest: clone, diagnostic_dest: scratch, audit_file_dest: `${scratch}/audit`, undo_tablespace: 'UNDOTBS1', ...parameters,
      })
      await copy.restoreControlFile(`${clone}/after.cf`)
      await copy.mount()
      await rmanOn(copy, `CHANGE ARCHIVELOG ALL UNCATALOG;\nCHANGE BACKUP DEVICE TYPE DISK UNAVAILABLE;\nCHANGE COPY OF DATABASE UNCATALOG;\n`)
      if (catalog) await rmanOn(copy, `CATALOG START WITH '${clone}/archivelog/' NOPROMPT;\nCATALOG START WITH '${clone}/data_' NOPROMPT;\n`)
      if (catalog && switched) await rmanOn(copy, 'SWITCH DATABASE TO COPY;\n')
      return { copy, area: clone }
    },
    remove: () => lab.remove(),
  }
}
