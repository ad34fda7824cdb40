import { restErrors } from './rest-error.ts'

/** Kinds of values, as the property lists of the appliance name them. */
type Kind = 'String' | 'Integer' | 'Boolean'

export interface PropertyRule {
  readonly kind: Kind
  readonly initial: string | number | boolean
  readonly choices?: readonly (string | number)[]
  readonly label: string
  /** Authorisation that a change needs. */
  readonly right: 'changeGeneralProps' | 'changeSpaceProps' | 'changeProtocolProps' | 'changeAccessProps'
}

const general = (kind: Kind, initial: string | number | boolean, label: string, choices?: readonly (string | number)[]): PropertyRule => ({ kind, initial, label, right: 'changeGeneralProps', ...(choices === undefined ? {} : { choices }) })

/** Properties of a share that a client may set, with the values of a new one. */
export const shareProperties: Readonly<Record<string, PropertyRule>> = {
  mountpoint: general('String', '', 'Mountpoint'),
  quota: { kind: 'Integer', initial: 0, label: 'Quota', right: 'changeSpaceProps' },
  reservation: { kind: 'Integer', initial: 0, label: 'Reservation', right: 'changeSpaceProps' },
  quota_snap: { kind: 'Boolean', initial: true, label: 'Include snapshots in quota', right: 'changeSpaceProps' },
  reservation_snap: { kind: 'Boolean', initial: true, label: 'Include snapshots in reservation', right: 'changeSpaceProps' },
  compression: general('String', 'off', 'Data compression', ['off', 'lzjb', 'gzip-2', 'gzip', 'gzip-9', 'lz4']),
  checksum: general('String', 'fletcher4', 'Checksum', ['fletcher2', 'fletcher4', 'sha256']),
  copies: general('Integer', 1, 'Copies', [1, 2, 3]),
  dedup: general('Boolean', false, 'Data deduplication'),
  logbias: general('String', 'latency', 'Synchronous write bias', ['latency', 'throughput']),
  recordsize: general('Integer', 131_072, 'Database record size', [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144, 524_288, 1_048_576]),
  maxblocksize: general('Integer', 1_048_576, 'Maximum block size'),
  atime: general('Boolean', true, 'Update access time on read'),
  readonly: general('Boolean', false, 'Read only'),
  exported: general('Boolean', true, 'Exported'),
  nodestroy: general('Boolean', false, 'Prevent destruction'),
  rstchown: general('Boolean', true, 'Restrict ownership change'),
  snapdir: general('String', 'hidden', '.zfs/snapshot visibility', ['hidden', 'visible']),
  snaplabel: general('String', '', 'Scheduled snapshot label'),
  secondarycache: general('String', 'all', 'Cache device usage', ['all', 'metadata', 'none']),
  vscan: general('Boolean', false, 'Virus scan'),
  aclinherit: general('String', 'restricted', 'ACL inheritance behavior'),
  aclmode: general('String', 'discard', 'ACL behavior on mode change'),
  root_user: { kind: 'String', initial: 'nobody', label: 'User', right: 'changeAccessProps' },
  root_group: { kind: 'String', initial: 'other', label: 'Group', right: 'changeAccessProps' },
  root_permissions: { kind: 'String', initial: '700', label: 'Permissions', right: 'changeAccessProps' },
  sharenfs: { kind: 'String', initial: 'on', label: 'NFS', right: 'changeProtocolProps' },
  sharesmb: { kind: 'String', initial: 'off', label: 'SMB', right: 'changeProtocolProps' },
  sharedav: { kind: 'String', initial: '', label: 'HTTP', right: 'changeProtocolProps' },
  shareftp: { kind: 'String', initial: '', label: 'FTP', right: 'changeProtocolProps' },
  sharesftp: { kind: 'String', initial: '', label: 'SFTP', right: 'changeProtocolProps' },
  sharetftp: { kind: 'String', initial: '', label: 'TFTP', right: 'changeProtocolProps' },
}

/** Properties that a project gives to its shares, unless they have them of their own. */
export const inheritable: ReadonlySet<string> = new Set(Object.keys(shareProperties).filter((name) => !['quota', 'reservation', 'quota_snap', 'reservation_snap', 'exported', 'nodestroy', 'root_user', 'root_group', 'root_permissions'].includes(name)))

/** What only a project has. */
const projectDefaults: Readonly<Record<string, PropertyRule>> = {
  default_user: { kind: 'String', initial: 'nobody', label: 'User', right: 'changeAccessProps' },
  default_group: { kind: 'String', initial: 'other', label: 'Group', right: 'changeAccessProps' },
  default_permissions: { kind: 'String', initial: '700', label: 'Permissions', right: 'changeAccessProps' },
}

export const projectProperties: Readonly<Record<string, PropertyRule>> = { ...Object.fromEntries(Object.entries(shareProperties).filter(([name]) => inheritable.has(name))), ...projectDefaults }

/** What can be changed on a snapshot: its name. */
export const snapshotProperties: Readonly<Record<string, PropertyRule>> = { name: general('String', '', 'Name') }

/** Properties that nobody can change after creation. */
export const fixedProperties: Readonly<Record<string, string | boolean>> = {
  shadow: 'none', casesensitivity: 'mixed', normalization: 'none', utf8only: true, encryption: 'off', keystatus: 'none',
}

export type PropertyValues = Readonly<Record<string, string | number | boolean>>

/** Reads the properties of a request body; the names in `other` are left to the caller. */
export function readProperties(body: Readonly<Record<string, unknown>>, other: readonly string[], custom: ReadonlySet<string>, rules: Readonly<Record<string, PropertyRule>> = shareProperties): PropertyValues {
  const values: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(body)) {
    if (other.includes(name)) continue
    const rule = rules[name]
    if (rule === undefined) {
      if (!name.startsWith('custom:') || !custom.has(name.slice(7))) throw restErrors.unknown(name)
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') throw restErrors.invalid(`bad property value for ${name}`)
      values[name] = value
    } else values[name] = readValue(name, rule, value)
  }
  return values
}

function readValue(name: string, rule: PropertyRule, value: unknown): string | number | boolean {
  const shown = typeof value === 'string' ? value : JSON.stringify(value)
  if (rule.kind === 'Integer') {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || (rule.choices !== undefined && !rule.choices.includes(number))) throw badValue(name, shown, rule)
    return number
  }
  if (rule.kind === 'Boolean') {
    if (typeof value !== 'boolean') throw badValue(name, shown, { ...rule, choices: ['true', 'false'] })
    return value
  }
  if (typeof value !== 'string' || (rule.choices !== undefined && !rule.choices.includes(value))) throw badValue(name, shown, rule)
  return value
}

function badValue(name: string, shown: string, { choices }: Pick<PropertyRule, 'choices'>): Error {
  const expected = choices === undefined ? '' : ` (expecting one of ${choices.map((choice) => `"${choice}"`).join(' or ')})`
  return restErrors.invalid(`bad property value "${shown}"${expected} (encountered while attempting to run command "set ${name}="${shown}"")`)
}

/** The answer to `props=true`: what can be set, of which type, with which choices. */
export function propertyMetadata(rules: Readonly<Record<string, PropertyRule>>): readonly object[] {
  return Object.entries(rules).map(([name, { label, kind, choices }]) => ({ name, label, immutable: false, type: choices === undefined ? kind : 'ChooseOne', ...(choices === undefined ? {} : { choices }) }))
}
