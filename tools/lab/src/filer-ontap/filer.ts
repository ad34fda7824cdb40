import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { makeZfsPool, zfsPoolLacks } from '../appliance-zfssa/zfs-fuse.ts'
import { createDirectoryEngine } from '../volume-engine/directory-engine.ts'
import { createZfsVolumeEngine } from '../volume-engine/zfs-volume-engine.ts'
import type { FilerUser } from './access.ts'
import { makeCertificates } from './certificates.ts'
import { addSvm, createCluster, defaultSettings } from './cluster.ts'
import type { FilerSettings } from './cluster.ts'
import { createControlServer } from './control.ts'
import { Faults } from './faults.ts'
import { Jobs } from './jobs.ts'
import { createFilerServer } from './server.ts'
import type { RequestLog } from './server.ts'

export interface FilerOptions {
  /** Files of volumes and certificates; kept when the filer stops, but what it knows about them is not. */
  readonly directory: string
  /** 0 takes a free one. */
  readonly port?: number
  readonly address?: string
  readonly password: string
  readonly settings?: Partial<FilerSettings>
  /** Where files are: directories (shared blocks where the file system can), or a real ZFS (zfs-fuse, root). Default directory. */
  readonly engine?: 'directory' | 'zfs'
}

/** What a client needs to know. */
export interface FilerAddress {
  readonly url: string
  /** Plain HTTP for tests; see ControlRequest. */
  readonly control: string
  readonly caFile: string
  readonly clientCertFile: string
  readonly clientKeyFile: string
  readonly svm: string
  readonly user: string
  /** For people: what the files lie on. */
  readonly engine: string
}

export interface RunningFiler {
  readonly address: FilerAddress
  stop(): Promise<void>
}

const client = 'icb-cert'

/** Starts a simulated ONTAP system: one cluster `lab-filer` with the SVM `svm1`, the logins `admin`, `vsadmin` and, by certificate, `icb-cert`. */
export async function startFiler({ directory, port = 0, address = '127.0.0.1', password, settings, engine: wanted = 'directory' }: FilerOptions): Promise<RunningFiler> {
  mkdirSync(directory, { recursive: true })
  const lacking = wanted === 'zfs' ? zfsPoolLacks() : undefined
  if (lacking !== undefined) throw new Error(`no ZFS here: ${lacking}`)
  const pool = wanted === 'zfs' ? await makeZfsPool({ sizeBytes: 8 * 1024 ** 3 }) : undefined
  const engine = pool === undefined ? createDirectoryEngine(directory) : createZfsVolumeEngine(pool)
  const certificates = makeCertificates(join(directory, 'certificates'), client)
  const all: FilerSettings = { ...defaultSettings, ...settings }
  const jobs = new Jobs(() => all.jobMs, () => all.jobKeepMs)
  const cluster = createCluster(engine, jobs, all)
  addSvm(cluster, 'svm1', address)
  const users = new Map<string, FilerUser>(
    [
      { name: 'admin', password, svm: undefined, role: undefined },
      { name: 'vsadmin', password, svm: 'svm1', role: undefined },
      { name: client, password: undefined, svm: undefined, role: undefined },
    ].map((user) => [user.name, user]),
  )
  const log: RequestLog = { count: 0, lines: [] }
  const parts = { cluster, users, faults: new Faults(), log, certificates }
  const servers = [createFilerServer(parts), createControlServer(parts)] as const
  await listen(servers[0], port, address)
  await listen(servers[1], 0, '127.0.0.1')
  const portOf = (server: Server): number => (server.address() as AddressInfo).port
  return {
    address: {
      url: `https://${address}:${portOf(servers[0])}`, control: `http://127.0.0.1:${portOf(servers[1])}`, caFile: certificates.caFile,
      clientCertFile: certificates.clientCertFile, clientKeyFile: certificates.clientKeyFile, svm: 'svm1', user: 'admin', engine: engine.description,
    },
    stop: async () => {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise<void>((resolve) => { server.close(() => { resolve() }) })
      }
      await pool?.dispose()
    },
  }
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => { resolve() })
  })
}
