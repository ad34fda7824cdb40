import { chmodSync, chownSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { flipBlock } from '../../lab/src/cli/flip-block.ts'
import type { Damage } from './plan.ts'
import { listPoints } from './points.ts'
import type { Stand } from './stand.ts'

export interface DamagedSnapshot {
  readonly snapshot: string
  /** Puts everything back as it was. */
  repair(): void
}

interface ManifestText {
  readonly window: { readonly minScn: string; lastScn: string }
  readonly copies: readonly { readonly path: string }[]
  readonly logs: readonly { readonly path: string; readonly nextScn: string }[]
}

/** Changes one thing in a snapshot that the product calls restorable. */
export async function damageSnapshot(stand: Stand, what: Damage, choice: number): Promise<DamagedSnapshot> {
  const points = (await listPoints(stand)).filter((point) => point.restorable === true && point.name !== stand.foreign.cloned)
  const point = points[choice % points.length]
  if (point === undefined) throw new Error('there is no snapshot to damage')
  const tree = join(stand.snapshotDirectory, 'snapshots', point.name, 'tree')
  const manifestFile = join(tree, 'icb-manifest.json')
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as ManifestText
  const copy = join(tree, manifest.copies[choice % manifest.copies.length]?.path ?? '')
  const victim = what === 'manifest' ? manifestFile : what === 'log' ? join(tree, lastLog(manifest)) : what === 'block' ? join(tree, manifest.copies.find((each) => /USERS/i.test(each.path))?.path ?? '') : copy
  const repair = keep(victim)
  try {
    if (what === 'manifest') {
      manifest.window.lastScn = manifest.window.minScn
      writeFileSync(victim, `${JSON.stringify(manifest, null, 2)}\n`)
    } else if (what === 'block') await flipBlock(victim, { seed: choice, labDir: stand.stage.labDirectory, ...(point.lastScn === undefined ? {} : { untilScn: point.lastScn }) })
    else rmSync(victim)
  } catch (error) {
    repair()
    throw error
  }
  return { snapshot: point.name, repair }
}

function lastLog(manifest: ManifestText): string {
  return manifest.logs.reduce((last, log) => (BigInt(log.nextScn) > BigInt(last.nextScn) ? log : last), manifest.logs[0] ?? { path: '', nextScn: '0' }).path
}

/** Snapshots are read only for their owner too. */
function keep(file: string): () => void {
  const { mode, uid, gid } = lstatSync(file)
  const directory = dirname(file)
  const directoryMode = lstatSync(directory).mode
  const content = readFileSync(file)
  chmodSync(directory, directoryMode | 0o200)
  chmodSync(file, mode | 0o200)
  return () => {
    rmSync(file, { force: true })
    writeFileSync(file, content)
    if (process.getuid?.() === 0) chownSync(file, uid, gid)
    chmodSync(file, mode & 0o7777)
    chmodSync(directory, directoryMode & 0o7777)
  }
}
