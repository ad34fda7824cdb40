import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ownedDirectory, runProgram } from './programs.ts'
import type { ProgramResult, ProgramUser } from './programs.ts'
import { startRootService } from './root-service.ts'

/** One directory of a server that a host sees when it mounts an export: the export itself, or what is exported below it. */
export interface ExportedDirectory {
  /** `/export/p/orcl`. */
  readonly path: string
  /** Where its files are, in the mount namespace of `holder`. */
  readonly directory: string
}

export interface NetworkHostsOptions<Host extends string> {
  /** The stage's. */
  readonly directory: string
  /** Where each host has its root and its etc, root's own all the way up; default: `hosts` in `directory`. */
  readonly hostsDirectory?: string
  readonly hosts: readonly Host[]
  readonly node: string
  readonly user: ProgramUser | undefined
  /** Host name of the server in mount sources. */
  readonly server: string
  /** A process in whose mount namespace the server's directories are; default: they are in this one's. */
  readonly holder?: number
  /** The export of this path and those below it, outermost first; empty: there is none. */
  readonly exportsOf: (path: string) => Promise<readonly ExportedDirectory[]>
  /** Lines for /etc/fstab of one host. */
  readonly fstab: Readonly<Partial<Record<Host, readonly string[]>>>
  /** The whole /etc/sudoers of one host; needs sudo on this machine. */
  readonly sudoers?: Readonly<Partial<Record<Host, readonly string[]>>>
}

/**
 * Hosts that mount from a server, on one machine and without NFS in its kernel: each host is a mount namespace with a mount table,
 * an /etc/fstab and a `mount.nfs` of its own. `mount` and `umount` are the machine's; behind `mount.nfs` stands a FUSE file system
 * (mergerfs with one branch) whose source is the export, as the mount table shows it on a real host.
 */
export interface NetworkHosts<Host extends string> {
  /** Arguments that start a program on a host as the unprivileged user. */
  enter(host: Host, cwd: string): readonly string[]
  /** A directory of this host's own; mounts are made below it. */
  root(host: Host): string
  /** A directory of this host that belongs to root. */
  etc(host: Host): string
  /** The host's mount table. */
  mountTable(host: Host): string
  mount(host: Host, path: string, mountPoint: string): Promise<void>
  unmount(mountPoint: string): Promise<void>
  /** Mount points at or below a path. */
  mountsBelow(path: string): readonly string[]
  /** Where this process finds what a host sees at a path below its root. */
  seen(path: string): string
  dispose(): Promise<void>
}

const programs = { mergerfs: '/usr/bin/mergerfs', nsenter: '/usr/bin/nsenter', unshare: '/usr/bin/unshare', setpriv: '/usr/bin/setpriv', mount: '/usr/bin/mount', umount: '/usr/bin/umount' }

/** Why no such hosts can be made here, or `undefined`. */
export function networkHostsLack(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  const missing = Object.entries(programs).find(([, path]) => !existsSync(path))
  if (missing !== undefined) return `needs ${missing[0]}`
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
    return undefined
  } catch {
    return 'needs /dev/fuse'
  }
}

/** Why no host can have rules of sudo here, or `undefined`. */
export function sudoLacks(): string | undefined {
  return networkHostsLack() ?? (existsSync('/usr/bin/sudo') && existsSync('/etc/sudoers') ? undefined : 'needs sudo')
}

const wholeFile = { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' } } as const

export async function makeNetworkHosts<Host extends string>(options: NetworkHostsOptions<Host>): Promise<NetworkHosts<Host>> {
  const { directory, hosts, server, user, exportsOf } = options
  const lacking = networkHostsLack()
  if (lacking !== undefined) throw new Error(`no hosts with mounts of their own here: ${lacking}`)
  const children = new Set<ChildProcess>()
  const undo: (() => void)[] = []
  /** Ends with this process, even when that one is killed. */
  const start = (args: readonly string[]): ChildProcess => {
    const child = spawn(programs.setpriv, ['--pdeathsig', 'KILL', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: wholeFile.env })
    children.add(child)
    child.once('close', () => { children.delete(child) })
    child.unref()
    return child
  }
  /** A shell script in a namespace of its own that lasts. */
  const startHolder = async (enter: readonly string[], lines: readonly string[]): Promise<number> => {
    const child = start([...enter, '/bin/sh', '-c', ['set -e', ...lines, 'echo ready', 'exec sleep infinity'].join('\n')])
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => { said += text })
    await until(() => said.includes('ready'), () => (child.exitCode === null ? undefined : said), 'a mount namespace')
    return child.pid ?? 0
  }
  const inside = (pid: number): readonly string[] => [programs.nsenter, `--mount=/proc/${String(pid)}/ns/mnt`]
  const hostsDirectory = options.hostsDirectory ?? join(directory, 'hosts')
  const rootOf = (host: Host): string => join(hostsDirectory, host)
  const etcOf = (host: Host): string => join(hostsDirectory, `${host}.etc`)
  const dispose = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) step()
    const ends = [...children].map((child) => new Promise<void>((resolve) => {
      child.ref()
      child.once('close', () => { resolve() })
      child.kill('SIGKILL')
    }))
    await Promise.all(ends)
  }
  try {
    for (const host of hosts) ownedDirectory(rootOf(host), user)
    const holder = options.holder ?? (await startHolder([programs.unshare, '--mount', '--propagation', 'private'], []))
    const onServer = async (...args: readonly string[]): Promise<ProgramResult> => runProgram(inside(holder)[0] ?? '', [...inside(holder).slice(1), ...args], wholeFile)
    // What is mounted below a host's root reaches its namespace, and only that one.
    for (const host of hosts) {
      for (const args of [['--bind', rootOf(host), rootOf(host)], ['--make-shared', rootOf(host)]]) must(await onServer(programs.mount, ...args))
    }
    const seen = (path: string): string => `/proc/${String(holder)}/root${path}`
    const mountsBelow = (mountPoint: string): readonly string[] =>
      readFileSync(`/proc/${String(holder)}/mountinfo`, 'utf8').split('\n').map((line) => line.split(' ')[4] ?? '').filter((path) => path === mountPoint || path.startsWith(`${mountPoint}/`))

    const mount = async (host: Host, path: string, mountPoint: string): Promise<void> => {
      if (!mountPoint.startsWith(`${rootOf(host)}/`)) throw new Error(`${mountPoint} is not below ${rootOf(host)}`)
      const exported = await exportsOf(path)
      if (exported[0]?.path !== path) throw new Error(`mount.nfs: access denied by server while mounting ${server}:${path}`)
      for (const each of exported) {
        const place = join(mountPoint, each.path.slice(path.length))
        mkdirSync(seen(place), { recursive: true })
        const before = mountsBelow(place).length
        const client = start([...inside(holder), programs.mergerfs, '-f', '-o', `fsname=${server}:${each.path},allow_other,minfreespace=0,inodecalc=passthrough,cache.files=off,dropcacheonclose=true`, each.directory, place])
        let said = ''
        client.stderr?.setEncoding('utf8').on('data', (text: string) => { said += text })
        await until(() => mountsBelow(place).length > before, () => (client.exitCode === null ? undefined : said), `the mount of ${server}:${each.path}`)
      }
    }
    const unmount = async (mountPoint: string): Promise<void> => {
      for (const path of [...mountsBelow(mountPoint)].reverse()) must(await onServer(programs.umount, path))
    }

    const service = await startRootService({ directory, name: 'mounts', node: options.node }, async (purpose, args) => {
      const [action, name] = purpose.split(' ')
      const host = hosts.find((each) => each === name)
      if (host === undefined) throw new Error(`no host ${String(name)}`)
      if (action === 'umount') await unmount(args[0] ?? '')
      else if (args[0]?.startsWith(`${server}:`) === true) await mount(host, args[0].slice(server.length + 1), args[1] ?? '')
      else throw new Error(`mount.nfs: cannot resolve ${args[0] ?? ''}`)
      return { exitCode: 0, stdout: '', stderr: '' }
    })
    undo.push(() => { service.close() })

    const namespaces = new Map<Host, number>()
    const sbin = realpathSync('/sbin')
    for (const host of hosts) {
      const place = etcOf(host)
      mkdirSync(place)
      writeFileSync(join(place, 'fstab'), (options.fstab[host] ?? []).map((line) => `${line}\n`).join(''))
      service.writeProgram(join(place, 'mount.nfs'), `mount ${host}`)
      service.writeProgram(join(place, 'umount.fuse.mergerfs'), `umount ${host}`)
      const layers = join(place, 'layers')
      mkdirSync(layers)
      const sudoers = options.sudoers?.[host]
      // sudo takes no file that others than root may change.
      if (sudoers !== undefined) writeFileSync(join(place, 'sudoers'), sudoers.map((line) => `${line}\n`).join(''), { mode: 0o440 })
      const lines = [
        ...hosts.filter((other) => other !== host).map((other) => `umount -l '${rootOf(other)}'`),
        `mount --bind '${place}/fstab' /etc/fstab`,
        ...(sudoers === undefined ? [] : [`mount --bind '${place}/sudoers' /etc/sudoers`]),
        'mount -t tmpfs tmpfs /run',
        // The machine's own helpers, if it has any, are hidden from this host only.
        `mount -t tmpfs tmpfs '${layers}'`, `mkdir '${layers}/upper' '${layers}/work'`, `cp '${place}/mount.nfs' '${place}/umount.fuse.mergerfs' '${layers}/upper'`,
        `mount -t overlay overlay -o 'lowerdir=${sbin},upperdir=${layers}/upper,workdir=${layers}/work' '${sbin}'`,
      ]
      namespaces.set(host, await startHolder([...inside(holder), programs.unshare, '--mount', '--propagation', 'unchanged'], lines))
    }
    return {
      enter: (host, cwd) => [
        ...inside(namespaces.get(host) ?? 0), `--wdns=${cwd}`,
        ...(user === undefined ? [] : [programs.setpriv, `--reuid=${String(user.uid)}`, `--regid=${String(user.gid)}`, '--clear-groups']),
      ],
      root: rootOf, etc: etcOf, mountTable: (host) => readFileSync(`/proc/${String(namespaces.get(host) ?? 0)}/mountinfo`, 'utf8'), mount, unmount, mountsBelow, seen, dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function until(ready: () => boolean, failed: () => string | undefined, what: string): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!ready()) {
    const problem = failed()
    if (problem !== undefined) throw new Error(`${what} failed: ${problem}`)
    if (performance.now() > deadline) throw new Error(`${what} did not come`)
    await delay(5)
  }
}

function must({ exitCode, stderr }: ProgramResult): void {
  if (exitCode !== 0) throw new Error(stderr.trim())
}
