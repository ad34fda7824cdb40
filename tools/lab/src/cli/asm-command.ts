import path from 'node:path'
import type { Command } from 'commander'
import { openHost } from '../host/host.ts'
import { readDiskGroups, writeDiskGroups } from '../storage/disk-groups.ts'
import type { DiskGroup } from '../storage/disk-groups.ts'
import { bytesBelow } from '../storage/io-faults.ts'

interface Output {
  readonly json?: boolean
}

/** Mounts a disk group on a host of the lab or dismounts it: what runs there sees it at once. @throws Error for a host or group that there is not */
export function mountDiskGroup(dir: string, group: string, hostName: string, mounted: boolean): DiskGroup {
  const labDir = path.resolve(dir)
  const host = openHost(labDir, hostName).name
  const name = group.replace(/^\+/, '').toUpperCase()
  const { hosts, groups } = readDiskGroups(labDir)
  const before = groups.find((each) => each.name === name)
  if (before === undefined) throw new Error(`the lab has no disk group ${name} (it has ${groups.map((each) => each.name).join(', ') || 'none'})`)
  const after: DiskGroup = { ...before, mountedOn: [...before.mountedOn.filter((each) => each !== host), ...(mounted ? [host] : [])] }
  writeDiskGroups(labDir, { hosts: mounted && !hosts.includes(host) ? [...hosts, host] : hosts, groups: groups.map((each) => (each === before ? after : each)) })
  return after
}

/** `lab asm …`: the disk groups of a lab. */
export function addAsmCommands(program: Command, report: (options: Output, value: unknown, lines: readonly string[]) => void): void {
  const asm = program.command('asm').description('the disk groups of the lab')
  asm.command('list <dir>').description('groups, where they are mounted, and their size').option('--json', 'print one JSON document').action(async (dir: string, options: Output) => {
    const labDir = path.resolve(dir)
    const groups = await Promise.all(readDiskGroups(labDir).groups.map(async (group) => ({ ...group, usedBytes: await bytesBelow(path.join(labDir, 'asm', 'disks', group.name.toLowerCase())) })))
    report(options, { groups }, groups.length === 0 ? ['the lab has no disk groups'] : groups.map((group) => `${group.name}  ${group.type}  ${String(group.totalMb)} MB, ${String(Math.ceil(group.usedBytes / 1048576))} MB in use, mounted on ${group.mountedOn.join(', ') || 'no host'}`))
  })
  for (const [verb, mounted] of [['mount', true], ['dismount', false]] as const) {
    asm.command(`${verb} <dir> <group>`).description(mounted ? 'mount a group on a host; the host reaches ASM from then on' : 'dismount it, whatever has files open there').option('--host <name>', 'which host', 'prod').option('--json', 'print one JSON document').action((dir: string, group: string, options: Output & { host: string }) => {
      const after = mountDiskGroup(dir, group, options.host, mounted)
      report(options, after, [`${after.name} is mounted on ${after.mountedOn.join(', ') || 'no host'}`])
    })
  }
}
