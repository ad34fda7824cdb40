import { buildPrograms, install } from './install.mjs'
import { installPackages, storagePackages } from './system-packages.mjs'
import { pinnedNode, run } from './workspace.mjs'

await install()
await installPackages([...storagePackages.zfssa])
await buildPrograms()
process.exitCode = await run(pinnedNode, ['--disable-warning=ExperimentalWarning', 'tools/demo/src/faults.ts', ...process.argv.slice(2)])
