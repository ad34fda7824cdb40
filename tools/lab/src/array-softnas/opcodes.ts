import { SoftnasError } from './array.ts'
import type { SoftnasArray, SoftnasSnapshot } from './array.ts'

export interface OpcodeAnswer {
  readonly msg: string
  readonly records?: readonly unknown[]
  readonly total?: number
}

type Operands = ReadonlyMap<string, string>

function need(operands: Operands, name: string): string {
  const value = operands.get(name)
  if (value === undefined || value === '') throw new SoftnasError(`Missing parameter: ${name}`)
  return value
}

function needPool(array: SoftnasArray, pool: string): void {
  if (pool !== array.pool) throw new SoftnasError(`cannot open '${pool}': dataset does not exist`)
}

function page(array: SoftnasArray, operands: Operands, all: readonly unknown[]): OpcodeAnswer {
  const [start, limit] = [Number(operands.get('start') ?? 0), Number(operands.get('limit') ?? all.length)]
  return { msg: '', records: array.settings.pages ? all.slice(start, start + limit) : all, total: all.length }
}

function volumes(array: SoftnasArray, operands: Operands): OpcodeAnswer {
  return page(array, operands, [...array.volumes].map((name) => ({ vol_name: name, pool: array.pool, vol_path: `/${array.pool}/${name}`, vol_type: 'filesystem', provisioning: 'thin' })))
}

function snapshotView(array: SoftnasArray, { name, volume, seconds }: SoftnasSnapshot): unknown {
  const refer = printed(array.engine.bytes(volume))
  const times = array.settings.times === 'seconds' ? { creation: String(seconds) } : { creation: new Date(seconds * 1000).toUTCString(), datesort: seconds }
  return { snapshot_name: name, pool_name: array.pool, volume_name: volume, refer, ...times }
}

function snapshotList(array: SoftnasArray, operands: Operands): OpcodeAnswer {
  const [pool = '', volume] = need(operands, 'pool_name').split('/')
  needPool(array, pool)
  if (volume !== undefined) array.needVolume(volume)
  // Newest first, as in the list of StorageCenter.
  return page(array, operands, array.snapshots.filter((each) => volume === undefined || each.volume === volume).toReversed().map((each) => snapshotView(array, each)))
}

function snapCommand(array: SoftnasArray, operands: Operands): OpcodeAnswer {
  const command = need(operands, 'command')
  if (command === 'create') {
    needPool(array, need(operands, 'pool_name'))
    const { name, volume } = array.createSnapshot(need(operands, 'volume_name'))
    return { msg: array.settings.namesTold ? `Snapshot '${array.pool}/${volume}@${name}' was created` : 'Snapshot was created' }
  }
  if (command !== 'delete') throw new SoftnasError(`Unknown snapshot command: ${command}`)
  const wanted = JSON.parse(need(operands, 'snapshots')) as readonly Readonly<Record<'pool_name' | 'volume_name' | 'snapshot_name', string>>[]
  for (const each of wanted) {
    needPool(array, each.pool_name)
    array.removeSnapshot(each.volume_name, each.snapshot_name)
  }
  return { msg: `${String(wanted.length)} snapshots deleted` }
}

function createVolume(array: SoftnasArray, operands: Operands): OpcodeAnswer {
  needPool(array, need(operands, 'pool'))
  for (const name of ['vol_type', 'provisioning']) need(operands, name)
  const name = need(operands, 'vol_name')
  array.createVolume(name)
  return { msg: `Volume ${name} created` }
}

const opcodes: Readonly<Record<string, (array: SoftnasArray, operands: Operands) => OpcodeAnswer>> = { volumes, snapshotlist: snapshotList, snapcommand: snapCommand, createvolume: createVolume }

/** @throws SoftnasError */
export function runOpcode(array: SoftnasArray, operands: Operands): OpcodeAnswer {
  const opcode = need(operands, 'opcode')
  const run = opcodes[opcode]
  if (run === undefined) throw new SoftnasError(`Unknown opcode: ${opcode}`)
  return run(array, operands)
}

/** Three digits, as `zfs list` prints sizes. */
function printed(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(5, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return power === 0 ? String(bytes) : `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)}${'BKMGTP'[power] ?? ''}`
}
