import { autorestoreErrors as errors } from './errors.ts'

/** Where the mount helper is looked for. */
export const defaultMountHelper = '/usr/local/sbin/icb-mount'

/** What the mount helper lets one unprivileged user mount, and where. */
export interface MountHelperPolicy {
  /** Names of databases: only clones that restore tests of these make are mounted. */
  readonly databases: readonly string[]
  /** The only mount points: one per slot. */
  readonly mountPoints: readonly string[]
  /** `<server>:<directory>`: clones are exported directly in one of these. */
  readonly exports: readonly string[]
  /** Exports of live areas, `<server>:<path>`: never mounted, whatever they are called. */
  readonly live: readonly string[]
  /** NFS mount options, the same for every clone; `nosuid,nodev` are added, `bg` becomes `fg`. */
  readonly options: string
}

const databaseName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/
const path = /^(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/
/** A host name or an address, also of IPv6; the root of a server's exports is `<server>:`. */
const exported = /^(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/
const mountOptions = /^[A-Za-z0-9_]+(?:=[A-Za-z0-9_.:-]+)?(?:,[A-Za-z0-9_]+(?:=[A-Za-z0-9_.:-]+)?)*$/

function allowed(what: string, values: readonly string[], pattern: RegExp): readonly string[] {
  const strange = values.find((value) => !pattern.test(value))
  if (strange !== undefined) throw errors.SETTINGS(`the mount helper cannot be written: ${what} "${strange}" has characters that it does not take`, { hint: 'It takes letters, digits, and _ . - in names. Use the mount strategy fstab.' })
  if (values.length === 0) throw errors.SETTINGS(`the mount helper cannot be written: there is no ${what}`, { hint: 'It serves databases whose restore tests have the mount strategy sudo and a mount point.' })
  return [...new Set(values)].sort()
}

/** `server:/a/` and `server:/` without their last slash. */
export function exportDirectory(text: string): string {
  return text.replace(/\/+$/, '')
}

function optionsOf(text: string): string {
  const own = text.split(',').map((option) => (option === 'bg' ? 'fg' : option)).filter((option) => !['suid', 'dev', 'nosuid', 'nodev', 'ro', 'user', 'users', 'noauto'].includes(option))
  const [joined = ''] = allowed('mount options', [[...own, 'nosuid', 'nodev'].join(',')], mountOptions)
  return joined
}

/**
 * The text of the program that mounts clones as root for the user of restore tests (POSIX sh). The caller names a mount point and an
 * export and nothing else; both must be in the lists that this text carries, so that a change of the configuration alone opens nothing.
 * @throws ICB_AUTORESTORE_SETTINGS when a name has characters that the program does not take
 */
export function renderMountHelper(policy: MountHelperPolicy): string {
  const list = (name: string, values: readonly string[]): string => `${name}='\n${values.join('\n')}\n'`
  return [
    '#!/bin/sh',
    '# Mounts and unmounts the clones of restore tests as root, for the user whom a line in sudoers lets start it.',
    '# It takes no option: a mount point and an export of the lists below, nothing else. Exit code 3: refused.',
    '# Written by `icb sandbox mount-helper`; root owns it. Write it again after a change of databases, slots or storage.',
    'set -euf',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    'LC_ALL=C',
    'export PATH LC_ALL',
    'umask 022',
    'cd /',
    '',
    list('databases', allowed('database', policy.databases, databaseName)),
    list('mount_points', allowed('mount point', policy.mountPoints, path)),
    list('exports', allowed('directory of exports', policy.exports.map(exportDirectory), exported)),
    list('live', allowed('export of a live area', policy.live, exported)),
    `options='${optionsOf(policy.options)}'`,
    '',
    ...body,
    '',
  ].join('\n')
}

const hex = '[0-9a-f]'.repeat(8)

const body: readonly string[] = [
  'refuse() {',
  '  echo "icb-mount: refused: $1" >&2',
  '  exit 3',
  '}',
  '',
  '# Whether the text $1 is a line of the list $2.',
  'listed() {',
  "  case $1 in *[!A-Za-z0-9_./:[\\]-]* | '') return 1 ;; esac",
  '  case $2 in *"',
  '$1',
  '"*) return 0 ;; esac',
  '  return 1',
  '}',
  '',
  '# Whether $1 is the export of a clone that a restore test made: <server>:<directory>/<database>-rt-<run>.',
  'is_clone() {',
  '  listed "${1%/*}" "$exports" || return 1',
  '  if listed "$1" "$live"; then return 1; fi',
  '  name=${1##*/}',
  "  case $name in *[!A-Za-z0-9_.-]* | '') return 1 ;; esac",
  '  for database in $databases; do',
  `    case $name in "$database"-rt-${hex}-*) return 0 ;; esac`,
  '  done',
  '  return 1',
  '}',
  '',
  '# A directory that nobody but root can put elsewhere or make a link between this look and the mount.',
  'prove_place() {',
  '  listed "$1" "$mount_points" || refuse "$1 is not a mount point of restore tests"',
  '  if [ -L "$1" ] || [ ! -d "$1" ]; then refuse "$1 is no directory"; fi',
  '  [ "$(readlink -f -- "$1")" = "$1" ] || refuse "$1 is behind a link"',
  '  parent=${1%/*}',
  '  while :; do',
  '    [ -n "$(find "${parent:-/}" -maxdepth 0 -uid 0 \\( ! -perm /022 -o -perm -1000 \\))" ] || refuse "${parent:-/}, above $1, can be changed by others than root"',
  '    [ -n "$parent" ] || break',
  '    parent=${parent%/*}',
  '  done',
  '}',
  '',
  '# What is mounted at $1, the topmost; empty: nothing.',
  'source_at() {',
  '  findmnt -rn -o SOURCE --mountpoint "$1" | tail -n 1 || :',
  '}',
  '',
  'case ${1:-} in',
  'mount)',
  '  [ $# -eq 3 ] || refuse "usage: icb-mount mount <mount point> <server>:<path>"',
  '  is_clone "$3" || refuse "$3 is not a clone of a restore test"',
  '  listed "$2" "$mount_points" || refuse "$2 is not a mount point of restore tests"',
  '  there=$(source_at "$2")',
  '  if [ "$there" = "$3" ]; then exit 0; fi',
  '  [ -z "$there" ] || refuse "$there is mounted at $2"',
  '  prove_place "$2"',
  '  exec mount -t nfs -o "$options" -- "$3" "$2"',
  '  ;;',
  'unmount)',
  '  [ $# -eq 2 ] || refuse "usage: icb-mount unmount <mount point>"',
  '  listed "$2" "$mount_points" || refuse "$2 is not a mount point of restore tests"',
  '  there=$(source_at "$2")',
  '  if [ -z "$there" ]; then exit 0; fi',
  '  is_clone "$there" || refuse "$there, mounted at $2, is not a clone of a restore test"',
  '  exec umount -- "$2"',
  '  ;;',
  'check)',
  '  [ $# -eq 2 ] || refuse "usage: icb-mount check <mount point>"',
  '  listed "$2" "$mount_points" || refuse "$2 is not a mount point of restore tests"',
  '  [ -n "$(source_at "$2")" ] || prove_place "$2"',
  '  ;;',
  '*)',
  '  refuse "usage: icb-mount mount <mount point> <server>:<path> | unmount <mount point> | check <mount point>"',
  '  ;;',
  'esac',
]

/**
 * The line of sudoers that lets `user` start the helper as root, with any arguments: it judges them itself.
 * @throws ICB_AUTORESTORE_SETTINGS when user or path have characters that would need care in sudoers
 */
export function sudoersLine(user: string, helper: string = defaultMountHelper): string {
  allowed('user', [user], /^[a-z_][a-z0-9_-]*$/)
  allowed('path', [helper], path)
  return `${user} ALL=(root) NOPASSWD: ${helper}`
}
