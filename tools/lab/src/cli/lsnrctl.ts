import { askListener } from '../net/listener-control.ts'
import type { ListenerStatus } from '../net/listener.ts'
import type { ProgramContext } from './program-context.ts'

const noListener = 'TNS-12541: TNS:no listener\n TNS-12560: TNS:protocol adapter error\n  TNS-00511: No listener\n   Linux Error: 111: Connection refused\n'

const duration = (millis: number): string => {
  const seconds = Math.floor(millis / 1000)
  return `${String(Math.floor(seconds / 86400))} days ${String(Math.floor(seconds / 3600) % 24)} hr. ${String(Math.floor(seconds / 60) % 60)} min. ${String(seconds % 60)} sec`
}

function services({ services: found }: ListenerStatus): string {
  if (found.length === 0) return 'The listener supports no services\n'
  const names = [...new Set(found.flatMap((one) => one.services))]
  return `Services Summary...\n${names
    .map((name) => {
      const instances = found.filter((one) => one.services.includes(name))
      return `Service "${name}" has ${String(instances.length)} instance(s).\n${instances.map(({ sid }) => `  Instance "${sid}", status READY, has 1 handler(s) for this service...\n`).join('')}`
    })
    .join('')}`
}

/** `lsnrctl status|services|stop|version [LISTENER]`; starting is `lab listener start`. */
export async function runLsnrctl(args: readonly string[], { host, stdout }: ProgramContext): Promise<number> {
  const [command = '', name = 'LISTENER'] = args.map((argument) => argument.toUpperCase())
  stdout.write(`\nLSNRCTL for Linux: Version ${host.lab.release} - Production (lab simulator, not Oracle software)\n\n`)
  const own = host.lab.listeners?.find((listener) => listener.host === host.name)
  if (!['STATUS', 'SERVICES', 'STOP', 'VERSION'].includes(command)) {
    stdout.write(`NL-00853: undefined command "${args[0] ?? ''}".  Try "help"\n`)
    return 1
  }
  if (name !== 'LISTENER') {
    stdout.write(`TNS-01101: Could not find service name ${name}\n`)
    return 1
  }
  const address = `(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${String(own?.port ?? 1521)}))`
  stdout.write(`Connecting to ${address}\n`)
  const status = own === undefined ? undefined : await askListener(host, command === 'STOP' ? 'stop' : 'status')
  if (status === undefined) {
    stdout.write(noListener)
    return 1
  }
  if (command === 'STATUS') {
    stdout.write(`STATUS of the LISTENER\n------------------------\nAlias                     LISTENER\nVersion                   TNSLSNR for Linux: Version ${host.lab.release} - Production (lab simulator)\nStart Date                ${new Date(status.startedAt).toUTCString()}\nUptime                    ${duration(Date.now() - status.startedAt)}\nTrace Level               off\nSecurity                  ON: Local OS Authentication\nSNMP                      OFF\nListening Endpoints Summary...\n  (DESCRIPTION=${address})\n${status.securePort === undefined ? '' : `  (DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=127.0.0.1)(PORT=${String(status.securePort)})))\n`}`)
  }
  if (command === 'STATUS' || command === 'SERVICES') stdout.write(services(status))
  stdout.write('The command completed successfully\n')
  return 0
}
