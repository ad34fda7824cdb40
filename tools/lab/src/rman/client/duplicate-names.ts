import { rmanError } from '../../engine/ora-error.ts'
import type { DuplicatePlan } from '../duplicate-plan.ts'
import type { DuplicateCommand, DuplicateLogs } from '../grammar/ast.ts'
import type { Newname } from '../server/work.ts'

/** Parameters of the auxiliary instance that place files; empty when they are not set. */
export interface AuxiliaryParameters {
  readonly db_create_file_dest: string
  readonly db_create_online_log_dest_1: string
  readonly db_file_name_convert: string
  readonly log_file_name_convert: string
}

export interface DuplicateNames {
  readonly datafiles: ReadonlyMap<number, Newname>
  readonly tempfiles: ReadonlyMap<number, Newname>
  readonly logGroups: readonly DuplicateLogs[]
}

type Pairs = readonly (readonly [from: string, to: string])[]

/** What `'/prod/', '/copy/'` makes of a name: the first pattern that is in it counts. */
function converted(name: string, pairs: Pairs): string | undefined {
  const pair = pairs.find(([from]) => name.includes(from))
  return pair === undefined ? undefined : name.replace(pair[0], () => pair[1])
}

function pairsOf(parameter: string): Pairs {
  const parts = parameter.split(',').map((part) => part.trim()).filter((part) => part !== '')
  return Array.from({ length: Math.floor(parts.length / 2) }, (_, i) => [parts[2 * i] ?? '', parts[2 * i + 1] ?? ''] as const)
}

/**
 * Where the files of the duplicate go: SET NEWNAME, then DB_FILE_NAME_CONVERT of the command and of the auxiliary instance, then
 * DB_CREATE_FILE_DEST; else they keep their names.
 * @throws OraError RMAN-05001 for each that would have the name of a file of the target, unless NOFILENAMECHECK says that it is another host
 */
export function duplicateNames(plan: DuplicatePlan, command: DuplicateCommand, parameters: AuxiliaryParameters): DuplicateNames {
  const placed = (newname: Newname | undefined, name: string): Newname => {
    if (newname !== undefined) return newname
    const given = converted(name, command.convert) ?? converted(name, pairsOf(parameters.db_file_name_convert))
    return given !== undefined ? { kind: 'name', name: given } : parameters.db_create_file_dest !== '' ? { kind: 'new' } : { kind: 'name', name }
  }
  const { newnames } = plan
  const datafileNames = new Map(newnames.datafiles)
  const tempfileNames = new Map(newnames.tempfiles)
  const datafiles = new Map(plan.datafiles.map(({ file, name }) => [file, placed(datafileNames.get(file) ?? newnames.database ?? undefined, name)]))
  const tempfiles = new Map(plan.tempfiles.map(({ file, name }) => [file, placed(tempfileNames.get(file) ?? newnames.database ?? undefined, name)]))
  const managed = parameters.db_create_online_log_dest_1 !== '' || parameters.db_create_file_dest !== ''
  const logGroups = command.logGroups ?? plan.logGroups.map((group) => {
    const members = group.members.map((member) => converted(member, pairsOf(parameters.log_file_name_convert)))
    return { ...group, members: members.every((member) => member !== undefined) ? members : managed ? [] : group.members }
  })
  if (!command.noFilenameCheck) checkNames(plan, [...[...datafiles.values(), ...tempfiles.values()].flatMap((name) => (name.kind === 'name' ? [name.name] : [])), ...logGroups.flatMap((group) => group.members)])
  return { datafiles, tempfiles, logGroups }
}

function checkNames(plan: DuplicatePlan, names: readonly string[]): void {
  const used = new Set([...plan.datafiles, ...plan.tempfiles].map((file) => file.name).concat(plan.logGroups.flatMap((group) => group.members)))
  const [first, ...others] = names.filter((name) => used.has(name)).map((name) => ({ code: 'RMAN-05001', text: `auxiliary file name ${name} conflicts with a file used by the target database` }))
  if (first !== undefined) throw rmanError(5001, first.text, ...others)
}
