import { buildPrograms, install } from './install.mjs'
import { pinnedNode, run } from './workspace.mjs'

await install()
await buildPrograms()
process.exitCode = await run(pinnedNode, ['--disable-warning=ExperimentalWarning', 'tools/demo/src/main.ts', ...process.argv.slice(2)])
