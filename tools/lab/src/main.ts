import { parseArgs } from 'node:util'

/** One program for everything: the lab's command line, the processes of instances and the programs of a home's `bin`. */
const [command, ...rest] = process.argv.slice(2)

// As the signal SIGPIPE ends a program that nobody reads any more.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(141)
})

async function main(): Promise<void> {
  if (command === '__instance') {
    const { values } = parseArgs({ args: rest, options: { lab: { type: 'string' }, host: { type: 'string' }, sid: { type: 'string' }, pfile: { type: 'string' } } })
    const { runInstanceProcess } = await import('./server/instance-process.ts')
    await runInstanceProcess({ lab: values.lab ?? '', host: values.host ?? '', sid: values.sid ?? '', pfile: values.pfile })
  } else if (command === '__cluster') {
    const { values } = parseArgs({ args: rest, options: { lab: { type: 'string' }, database: { type: 'string' } } })
    const { runCluster } = await import('./server/cluster.ts')
    await runCluster(values.lab ?? '', values.database ?? '')
  } else if (command === '__listener') {
    const [labDir = '', host = ''] = rest
    const { runListenerProcess } = await import('./net/listener.ts')
    await runListenerProcess(labDir, host)
  } else if (command === '__program') {
    const [program = '', hostDir = '', ...args] = rest
    const { runProgram } = await import('./cli/home-programs.ts')
    process.exitCode = await runProgram(program, hostDir, args)
  } else {
    const { runLab } = await import('./cli/program.ts')
    process.exitCode = await runLab(process.argv.slice(2))
  }
}

void main()
