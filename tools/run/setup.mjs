import { buildPrograms, install } from './install.mjs'
import { say } from './workspace.mjs'

await install()
await buildPrograms()
say('ready: npx icb --help, npx lab --help')
