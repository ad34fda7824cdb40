import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinnedNode, root, run, runQuietly, say } from './workspace.mjs'

const stamp = join(root, 'node_modules', '.installed-lock')

function lockDigest() {
  return createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex')
}

/** Installs the dependencies when the lock file changed since the last time, and builds the two programs. */
export async function install() {
  const digest = lockDigest()
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest || !existsSync(pinnedNode)) {
    say('installing dependencies (npm ci) …')
    const started = Date.now()
    await runQuietly('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
    writeFileSync(stamp, digest)
    say(`installed in ${Math.round((Date.now() - started) / 1000)} s`)
  }
  try {
    await runQuietly(pinnedNode, ['-e', "if(+process.versions.node.split('.')[0]<24)process.exit(1)"])
  } catch {
    say('rebuilding the pinned Node …')
    await runQuietly('npm', ['rebuild', 'node'])
  }
}

/** Builds the command line and the lab into one file each; nothing happens when they are up to date. */
export async function buildPrograms() {
  say('building icb and lab …')
  await runQuietly('nx', ['run-many', '-t', 'build', '-p', 'icb-cli', '@icb/lab', '--output-style=static'])
}

export { run }
