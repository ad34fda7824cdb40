import { install } from './install.mjs'
import { pinnedNode, run } from './workspace.mjs'

await install()
process.exitCode = await run(pinnedNode, ['--conditions=@icb/source', '--disable-warning=ExperimentalWarning', 'tools/fuzz/src/main.ts', ...process.argv.slice(2)])
