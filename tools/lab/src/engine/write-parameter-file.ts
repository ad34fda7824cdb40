import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { ParameterFileRequest } from './instance-api.ts'
import { OraError, linesOf, ora } from './ora-error.ts'
import { createFailed } from './os-error.ts'
import { type ParameterSettings, encodeSpfile, formatParameters, readParameterFile } from './parameter-file.ts'
import type { Parameters } from './parameters.ts'

type Kind = ParameterFileRequest['kind']

/** An instance, running or not, in its home. */
interface Place {
  readonly host: Host
  readonly sid: string
  /** Of the running instance; absent: it does not run. */
  readonly parameters?: Pick<Parameters, 'spfile' | 'map'>
}

/**
 * CREATE SPFILE and CREATE PFILE: writes a parameter file out of another one, or with what is set in the instance. Returns its name.
 * @throws OraError 32002 (the SPFILE in use), 01565 (no SPFILE), 01078 (no parameter file), 17502 (not created), 01034 (the memory of no instance)
 */
export async function writeParameterFile(place: Place, { kind, to, from }: ParameterFileRequest): Promise<string> {
  const target = nameOf(place, kind, to)
  if (kind === 'spfile' && target === place.parameters?.spfile) throw ora(32002, 'cannot create SPFILE already being used by the instance')
  const settings = from === 'memory' ? settingsInMemory(place) : await settingsOf(place, from)
  try {
    await writeFile(place.host.real(target), kind === 'spfile' ? encodeSpfile(settings) : formatParameters(settings))
  } catch (error) {
    throw ora(17502, `ksfdcre:4 Failed to create file ${target}`, ...linesOf(createFailed(target, error)).slice(1))
  }
  return target
}

function nameOf({ host, sid }: Place, kind: Kind, given: string | null): string {
  const dbs = path.join(host.home, 'dbs')
  if (given === null) return path.join(dbs, kind === 'spfile' ? `spfile${sid}.ora` : `init${sid}.ora`)
  return path.isAbsolute(given) || given.startsWith('+') ? given : path.join(dbs, given)
}

function settingsInMemory({ parameters }: Place): ParameterSettings {
  if (parameters === undefined) throw ora(1034, 'ORACLE not available')
  return new Map([...parameters.map].filter(([name, { isDefault }]) => !isDefault && name !== 'spfile').map(([name, { value }]) => [name, value]))
}

async function settingsOf(place: Place, { kind, path: given }: { readonly kind: Kind; readonly path: string | null }): Promise<ParameterSettings> {
  const source = (given === null && kind === 'spfile' ? place.parameters?.spfile : null) ?? nameOf(place, kind, given)
  try {
    const { settings, spfile } = await readParameterFile(source, place.sid, place.host)
    return spfile?.entries ?? settings
  } catch (error) {
    // Only STARTUP speaks of system parameters.
    const shown = given === null ? '?=/dbs/spfile@.ora' : source
    throw kind === 'spfile' && error instanceof OraError ? ora(1565, `error in identifying file '${shown}'`, [27037, 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory']) : error
  }
}
