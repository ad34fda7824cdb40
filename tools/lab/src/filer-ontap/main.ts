import { filerOntapCommand } from './command.ts'

process.exitCode = await filerOntapCommand(process.argv.slice(2))
