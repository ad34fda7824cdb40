import { existsSync, readFileSync } from 'node:fs'
import { run, say } from './workspace.mjs'

/** Programs that some suites need, and the Debian package that has them. */
const wanted = [
  { program: '/sbin/mkfs.xfs', package: 'xfsprogs' },
  { program: '/sbin/mkfs.btrfs', package: 'btrfs-progs' },
  { program: '/sbin/zfs-fuse', package: 'zfs-fuse' },
  { program: '/bin/mergerfs', package: 'mergerfs' },
  { program: '/bin/sudo', package: 'sudo' },
]

const zfs = { program: '/sbin/zfs-fuse', package: 'zfs-fuse' }
const mergerfs = { program: '/bin/mergerfs', package: 'mergerfs' }
/** What a demo over this storage needs. */
export const storagePackages = { openzfs: [zfs], zfssa: [zfs, mergerfs], ontap: [mergerfs] }

function onDebian() {
  try {
    return /^ID(_LIKE)?=.*debian/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}

/** What the suites need. `also`: what a proof needs besides. */
export async function installSystemPackages(also = []) {
  await installPackages([...wanted, ...also])
}

/** Installs what is missing when run as root on Debian and not forbidden; says so. Elsewhere what needs it says so by itself. */
export async function installPackages(entries) {
  const missing = entries.filter((entry) => !existsSync(entry.program) && !existsSync(`/usr${entry.program}`))
  if (missing.length === 0) return
  const names = missing.map((entry) => entry.package)
  if (process.getuid?.() !== 0 || !onDebian() || process.env.ICB_NO_SYSTEM_SETUP === '1') {
    say(`not installed: ${names.join(', ')}; suites that need them are skipped and named at the end`)
    return
  }
  say(`installing Debian packages: ${names.join(', ')} (ICB_NO_SYSTEM_SETUP=1 prevents it)`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'], env }
  if ((await run('apt-get', ['install', '-y', '-q', ...names], quiet)) === 0) return
  await run('apt-get', ['update', '-q'], quiet)
  const code = await run('apt-get', ['install', '-y', '-q', ...names], quiet)
  if (code !== 0) say(`apt-get ended with ${code}; suites that need ${names.join(', ')} are skipped and named at the end`)
}
