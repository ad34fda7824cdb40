// Brings the hazards of the original back, one by one, in a copy of the sources, and wants their tests to fail: `npm run parity:mutants [-- H21 …]`.
import { install } from './install.mjs'
import { pinnedNode, run } from './workspace.mjs'

await install()
process.exitCode = await run(pinnedNode, ['--conditions=@icb/source', '--disable-warning=ExperimentalWarning', 'tools/parity/src/main.ts', 'mutants', ...process.argv.slice(2)])
