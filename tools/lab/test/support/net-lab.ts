import { readFileSync } from 'node:fs'
import path from 'node:path'
import oracledb, { type Connection, type ConnectionAttributes } from 'oracledb'
import { sysPasswordFile } from '../../src/cli/init.ts'
import type { LabInstance } from '../../src/engine/instance.ts'
import { openHost, socketPath } from '../../src/host/host.ts'
import { runListener } from '../../src/net/listener.ts'
import { serveNet } from '../../src/net/net-server.ts'
import { serveInstance } from '../../src/server/server.ts'
import { makeLab, type TestLab } from './lab.ts'

/** A lab whose listener and open instance run in this process, and connections of the driver to it. */
export interface NetLab {
  readonly lab: TestLab
  readonly instance: LabInstance
  readonly configDir: string
  readonly password: string
  /** Of the listener. */
  readonly port: number
  /** As SYS with SYSDBA unless told otherwise; `normal`: without a privilege. */
  connect(attributes?: ConnectionAttributes & { readonly normal?: boolean }): Promise<Connection>
  stopListener(): void
  remove(): Promise<void>
}

export async function makeNetLab(options: { readonly release?: string; readonly tls?: boolean; readonly pdbs?: readonly string[] } = {}): Promise<NetLab> {
  const lab = await makeLab(options)
  const instance = await lab.open()
  const server = await serveInstance(instance, socketPath(lab.host, 'orcl'))
  const net = await serveNet(instance, lab.host)
  const listener = await runListener(lab.dir, 'prod')
  const configDir = path.join(lab.dir, 'tns')
  const password = readFileSync(sysPasswordFile(lab.dir), 'utf8').trim()
  return {
    lab, instance, configDir, password, port: openHost(lab.dir, 'prod').lab.listeners?.[0]?.port ?? 0,
    connect: ({ normal = false, ...attributes } = {}) => oracledb.getConnection({ user: 'sys', password, connectString: 'orcl', configDir, ...(normal ? {} : { privilege: oracledb.SYSDBA }), ...attributes }),
    stopListener: () => { listener.close() },
    remove: async () => {
      listener.close()
      net?.close()
      server.close()
      await lab.remove()
    },
  }
}
