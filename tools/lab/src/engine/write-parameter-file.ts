import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ParameterFileRequest } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { OraError, linesOf, ora } from './ora-error.ts'
import { createFailed } from './os-error.ts'
import { type ParameterSettings, encodeSpfile, formatParameters, readParameterFile } from './parameter-file.ts'

type Kind = ParameterFileRequest['kind']

/**
 * Writes a parameter file out of another one, or with what is set in the instance. Returns its name.
 * @throws OraError 32002 (the SPFILE in use), 01565 (no SPFILE), 01078 (no parameter file), 17502 (not created)
 */
export async function writeParameterFile(kernel: Kernel, { kind, to, from }: ParameterFileRequest): Promise<string> {
  const target = placeOf(kernel, kind, to)
  if (kind === 'spfile' && target === kernel.parameters.spfile) throw ora(32002, 'cannot create SPFILE already being used by the instance')
  const settings = from === 'memory' ? settingsInMemory(kernel) : await settingsOf(kernel, from)
  try {
    await writeFile(kernel.host.real(target), kind === 'spfile' ? encodeSpfile(settings) : formatParameters(settings))
  } catch (error) {
    throw ora(17502, `ksfdcre:4 Failed to create file ${target}`, ...linesOf(createFailed(target, error)).slice(1))
  }
  return target
}

function placeOf({ host, sid }: Kernel, kind: Kind, given: string | null): string {
  const dbs = path.join(host.home, 'dbs')
  if (given === null) return path.join(dbs, kind === 'spfile' ? `spfile${sid}.ora` : `init${sid}.ora`)
  return path.isAbsolute(given) || given.startsWith('+') ? given : path.join(dbs, given)
}

function settingsInMemory({ parameters }: Kernel): ParameterSettings {
  return new Map([...parameters.map].filter(([name, { isDefault }]) => !isDefault && name !== 'spfile').map(([name, { value }]) => [name, value]))
}

async function settingsOf(kernel: Kernel, { kind, path: given }: { readonly kind: Kind; readonly path: string | null }): Promise<ParameterSettings> {
  const { parameters, host, sid } = kernel
  const source = given === null && kind === 'spfile' ? parameters.spfile : placeOf(kernel, kind, given)
  if (source === null) throw ora(1565, `error in identifying file '?=/dbs/spfile@.ora'`, [27037, 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory'])
  try {
    const { settings, spfile } = await readParameterFile(source, sid, host)
    return spfile?.entries ?? settings
  } catch (error) {
    // Only STARTUP speaks of system parameters.
    if (kind === 'spfile' && error instanceof OraError) throw ora(1565, `error in identifying file '${source}'`, [27037, 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory'])
    throw error
  }
}
