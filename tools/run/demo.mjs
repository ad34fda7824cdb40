import { buildPrograms, install } from './install.mjs'
import { installPackages, storagePackages } from './system-packages.mjs'
import { pinnedNode, run } from './workspace.mjs'

await install()
await installPackages(storagePackages[process.argv[process.argv.indexOf('--storage') + 1]] ?? [])
await buildPrograms()
process.exitCode = await run(pinnedNode, ['--disable-warning=ExperimentalWarning', 'tools/demo/src/main.ts', ...process.argv.slice(2)])
