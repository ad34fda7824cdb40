import { buildPrograms, install } from './install.mjs'
import { pinnedNode, run } from './workspace.mjs'

await install()
await buildPrograms()
process.exitCode = await run(pinnedNode, ['--conditions=@icb/source', '--disable-warning=ExperimentalWarning', 'tools/bench/src/main.ts', ...process.argv.slice(2)])
