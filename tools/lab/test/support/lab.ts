import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { initLab } from '../../src/cli/init.ts'
import type { PieceTarget, ServerSession } from '../../src/engine/instance-api.ts'
import { LabInstance } from '../../src/engine/instance.ts'
import { type ParameterSettings, readParameterFile } from '../../src/engine/parameter-file.ts'
import { type Host, openHost } from '../../src/host/host.ts'

/** A lab of a test and the instances it runs in this process. */
export interface TestLab {
  readonly dir: string
  readonly dbid: number
  readonly host: Host
  readonly sandbox: Host
  /** An instance of the home's own database in NOMOUNT. */
  instance(): Promise<LabInstance>
  /** The database, open. */
  open(): Promise<LabInstance>
  /** An instance with its own parameters, in NOMOUNT. */
  instanceWith(host: Host, sid: string, parameters: Record<string, string>): LabInstance
  /** Stops everything and removes the directory. */
  remove(): Promise<void>
}

const small = { system: 1, sysaux: 1, undo: 1, users: 2, redo: 0.25 }

export async function makeLab(options: { readonly archiveDelayMs?: number; readonly redo?: number; readonly pdbs?: readonly string[]; readonly release?: string; readonly instances?: number; readonly edition?: 'EE' | 'SE'; readonly tls?: boolean; readonly asm?: boolean } = {}): Promise<TestLab> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'icb-lab-'))
  const { dbid } = await initLab(dir, {
    database: 'orcl', release: options.release ?? '12.1.0.2.0', pdbs: options.pdbs, instances: options.instances, edition: options.edition ?? 'EE', timeZone: 'Europe/Stockholm', archiveDelayMs: options.archiveDelayMs ?? 0, fsync: false, smonIntervalMs: 3_600_000,
    sizes: { ...small, redo: options.redo ?? small.redo }, tls: options.tls === true, asm: options.asm,
  })
  const host = openHost(dir, 'prod')
  const instances: LabInstance[] = []
  const add = (settings: ParameterSettings, spfile: string | null, on: Host, sid: string): LabInstance => {
    const instance = new LabInstance({ host: on, sid, settings, spfile })
    instances.push(instance)
    return instance
  }
  const instance = async (): Promise<LabInstance> => {
    const { settings, spfile } = await readParameterFile(path.join(host.home, 'dbs', options.asm === true ? 'initorcl.ora' : 'spfileorcl.ora'), 'orcl', host)
    return add(settings, spfile?.path ?? null, host, 'orcl')
  }
  return {
    dir, dbid, host, sandbox: openHost(dir, 'sandbox'), instance,
    open: async () => {
      const started = await instance()
      await started.mount()
      await started.open({ mode: 'READ WRITE' })
      return started
    },
    instanceWith: (on, sid, parameters) => add(new Map(Object.entries(parameters)), null, on, sid),
    remove: async () => {
      for (const running of instances) if (running.status !== 'STARTED') await running.shutdown('immediate').catch(() => undefined)
      await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    },
  }
}

export const session = (instance: LabInstance): ServerSession => instance.logon('SYS', 'test')

/** A piece of a set of its own, for what is asked of the engine directly. */
export const pieceAt = (file: string, tag: string | null = null): PieceTarget => ({ path: file, tag, setCount: 1, setStamp: 1, piece: 1 })

/** Codes of the error that a promise rejects with, `ORA-01113` …; empty when it resolves. */
export async function codesOf(promise: Promise<unknown>): Promise<string[]> {
  try {
    await promise
    return []
  } catch (error) {
    return (error as { messages?: { code: string }[] }).messages?.map((m) => m.code) ?? [String(error)]
  }
}
