import { buildPrograms, install } from './install.mjs'
import { installPackages } from './system-packages.mjs'
import { pinnedNode, run } from './workspace.mjs'

await install()
const zfs = { program: '/sbin/zfs-fuse', package: 'zfs-fuse' }
const mergerfs = { program: '/bin/mergerfs', package: 'mergerfs' }
const needs = { openzfs: [zfs], zfssa: [zfs, mergerfs], ontap: [mergerfs] }
await installPackages(needs[process.argv[process.argv.indexOf('--storage') + 1]] ?? [])
await buildPrograms()
process.exitCode = await run(pinnedNode, ['--disable-warning=ExperimentalWarning', 'tools/demo/src/main.ts', ...process.argv.slice(2)])
