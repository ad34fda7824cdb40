import path from 'node:path'
import type { ArchiveDestination } from './instance-api.ts'
import { ora } from './ora-error.ts'
import type { Parameters } from './parameters.ts'

export interface Destination extends ArchiveDestination {
  /** Why the lab makes writes to it fail or hang. */
  fault: 'fail' | 'hang' | null
}

/** LOG_ARCHIVE_DEST_1..10; when none is set the recovery area, without one the home's dbs directory. Former states of unchanged destinations stay. */
export function readDestinations(parameters: Parameters, former: readonly Destination[], fallback: string): Destination[] {
  const destinations: Destination[] = []
  for (let id = 1; id <= 10; id += 1) {
    const value = parameters.get(`log_archive_dest_${id}`)
    if (value === '') continue
    const attributes = parseDestination(value)
    const state = parameters.get(`log_archive_dest_state_${id}`).toLowerCase()
    destinations.push(makeDestination(parameters, id, attributes, state === 'enable' || state === 'alternate', former))
  }
  if (destinations.length === 0) {
    const location = parameters.get('db_recovery_file_dest') === '' ? fallback : 'USE_DB_RECOVERY_FILE_DEST'
    destinations.push(makeDestination(parameters, 1, { location, mandatory: true, reopen: 300 }, true, former))
  }
  return destinations
}

interface Attributes {
  readonly location: string
  readonly mandatory: boolean
  readonly reopen: number
}

/** @throws OraError 02097 with 16024 or 16032 */
export function parseDestination(value: string): Attributes {
  const words = value.match(/"[^"]*"|(?:[^\s"()]|\([^)]*\)|"[^"]*")+/g) ?? []
  let location: string | undefined
  let mandatory = false
  let reopen = 300
  for (const word of words) {
    const [key = '', text = ''] = word.split(/=(.*)/s)
    switch (key.toUpperCase()) {
      case 'LOCATION': location = text.replace(/^"|"$/g, ''); break
      case 'SERVICE': location = `SERVICE=${text}`; break
      case 'MANDATORY': mandatory = true; break
      case 'OPTIONAL': mandatory = false; break
      case 'REOPEN': reopen = text === '' ? 300 : Number(text); break
      case 'NOREOPEN': reopen = 0; break
      case 'VALID_FOR': case 'DB_UNIQUE_NAME': case 'DELAY': case 'NODELAY': case 'MAX_FAILURE': case 'ARCH': case 'LGWR': case 'SYNC': case 'ASYNC': case 'AFFIRM': case 'NOAFFIRM': case 'REGISTER': case 'ALTERNATE': break
      default: throw ora(2097, 'parameter cannot be modified because specified value is invalid', [16024, `parameter ${key} cannot be parsed`])
    }
  }
  if (location === undefined) throw ora(2097, 'parameter cannot be modified because specified value is invalid', [16025, 'parameter contains repeated or conflicting attributes'])
  if (!Number.isInteger(reopen) || reopen < 0) throw ora(2097, 'parameter cannot be modified because specified value is invalid', [16024, 'parameter REOPEN cannot be parsed'])
  return { location, mandatory, reopen }
}

function makeDestination(parameters: Parameters, id: number, attributes: Attributes, enabled: boolean, former: readonly Destination[]): Destination {
  const usesRecoveryArea = attributes.location.toUpperCase() === 'USE_DB_RECOVERY_FILE_DEST'
  const directory = usesRecoveryArea ? path.join(parameters.get('db_recovery_file_dest'), parameters.get('db_unique_name').toUpperCase(), 'archivelog') : attributes.location
  const same = former.find((f) => f.id === id && f.directory === directory && f.status !== 'DEFERRED')
  return {
    id,
    location: attributes.location,
    binding: attributes.mandatory ? 'MANDATORY' : 'OPTIONAL',
    directory,
    usesRecoveryArea,
    status: !enabled ? 'DEFERRED' : 'VALID',
    error: null,
    failDate: null,
    failSequence: 0,
    reopenSeconds: attributes.reopen,
    fault: same?.fault ?? null,
  }
}
