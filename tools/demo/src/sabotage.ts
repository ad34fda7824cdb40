import { copyFile, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Stage } from '@icb/testing'

/** Damage to the backup area that a restore test must find, with exactly one reason. */
export interface Sabotage {
  readonly what: string
  readonly title: string
  readonly expected: 'ARCHIVED_LOG_MISSING' | 'BLOCK_CORRUPT' | 'DBID_MISMATCH'
  /** Damages the area; the answer repairs it again. */
  readonly apply: (stage: Stage, tell: (text: string) => void) => Promise<() => Promise<void>>
}

interface ManifestView {
  readonly controlFile: string
  readonly copies: readonly { readonly file: number; readonly path: string; readonly tablespace: string }[]
  readonly window?: { readonly redoFrom: string }
}

async function manifestOf(stage: Stage): Promise<ManifestView> {
  return JSON.parse(await readFile(join(stage.areaPath, 'icb-manifest.json'), 'utf8')) as ManifestView
}

/** The copies need every log since the last refresh; the oldest of the newest three is always one of them. */
export function removeArchivedLog(): Sabotage {
  return {
    what: 'archived-log',
    title: 'an archived log disappears from the backup area',
    expected: 'ARCHIVED_LOG_MISSING',
    async apply(stage, tell) {
      const directory = join(stage.areaPath, 'archivelog')
      // Two switches, so that the log to be removed is needed, complete, and not the last one.
      for (let round = 0; round < 2; round += 1) await stage.sqlplus('prod', `conn /@${stage.database} as sysdba\nalter system archive log current;\nexit\n`)
      const names = await readdir(directory)
      const logs = await Promise.all(names.map(async (name) => ({ name, modified: (await stat(join(directory, name))).mtimeMs })))
      const victim = logs.sort((a, b) => a.modified - b.modified).at(-2)
      if (victim === undefined) throw new Error('there are not enough archived logs')
      const aside = join(stage.directory, 'removed-log')
      await copyFile(join(directory, victim.name), aside)
      await rm(join(directory, victim.name))
      tell(`rm ${join('archivelog', victim.name)}`)
      return async () => {
        await copyFile(aside, join(directory, victim.name))
      }
    },
  }
}

/** One byte inside a data block of a copy, at a place chosen by the seed. */
export function damageBlock(seed: number): Sabotage {
  return {
    what: 'datafile-copy',
    title: 'one byte of a datafile copy flips',
    expected: 'BLOCK_CORRUPT',
    async apply(stage, tell) {
      const { copies } = await manifestOf(stage)
      const copy = copies.find((entry) => entry.tablespace === 'USERS') ?? copies.at(-1)
      if (copy === undefined) throw new Error('the manifest lists no copy')
      const path = join(stage.areaPath, copy.path)
      const aside = join(stage.directory, 'undamaged-copy')
      await copyFile(path, aside)
      const result = await stage.lab(['fault', 'flip-block', path, '--lab', stage.labDirectory, '--seed', String(seed), '--json'], { onStdout: () => undefined })
      if (result.exitCode !== 0) throw new Error(`lab fault failed: ${result.stderr}`)
      const { block, offset } = JSON.parse(result.stdout) as { readonly block: number; readonly offset: number }
      tell(`one byte of ${copy.path}, block ${String(block)}, byte ${String(offset % 8192)}`)
      return async () => {
        await copyFile(aside, path)
      }
    },
  }
}

/** The control file backup of another database under the right name. */
export function replaceControlFile(): Sabotage {
  return {
    what: 'control-file',
    title: 'the control file backup is of another database',
    expected: 'DBID_MISMATCH',
    async apply(stage, tell) {
      const other = 'other'
      for (const args of [['add-database', stage.labDirectory, other], ['start', stage.labDirectory, other]]) {
        const result = await stage.lab(args, { onStdout: () => undefined })
        if (result.exitCode !== 0) throw new Error(`lab ${args.join(' ')} failed: ${result.stderr}`)
      }
      const { controlFile } = await manifestOf(stage)
      const path = join(stage.areaPath, controlFile)
      const foreign = join(stage.directory, 'foreign.cf')
      const result = await stage.rman('prod', `connect target /@${other}\nbackup current controlfile format '${foreign}' reuse tag 'other';\nexit\n`)
      if (result.exitCode !== 0) throw new Error(`RMAN failed: ${result.stdout}`)
      await rename(path, `${path}.aside`)
      await copyFile(foreign, path)
      tell(`${controlFile} now holds the control file of database ${other}`)
      return async () => {
        await rename(`${path}.aside`, path)
      }
    },
  }
}
