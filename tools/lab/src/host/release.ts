/** What a lab plays, by name. */
export interface Profile {
  readonly release: string
  readonly edition: 'EE' | 'SE'
  /** PDBs beside the seed; undefined: no CDB. */
  readonly pdbs: readonly string[] | undefined
}

const plain = (release: string): Profile => ({ release, edition: 'EE', pdbs: undefined })
const container = (release: string): Profile => ({ release, edition: 'EE', pdbs: ['PDB1', 'PDB2'] })

/** Profiles of `lab init --profile`. From 21c on there are only CDBs. */
export const profiles: Readonly<Record<string, Profile>> = {
  '11.2.0.4': plain('11.2.0.4.0'),
  '12.1.0.2': plain('12.1.0.2.0'),
  '12.1.0.2-cdb': container('12.1.0.2.0'),
  '19c': plain('19.24.0.0.0'),
  '19c-cdb': container('19.24.0.0.0'),
  '23ai': container('23.6.0.24.10'),
}

/** @throws Error for a name that is none */
export function profileNamed(name: string): Profile {
  const found = profiles[name.toLowerCase()]
  if (found === undefined) throw new Error(`there is no profile ${name}; there are ${Object.keys(profiles).join(', ')}`)
  return found
}

const major = (release: string): number => Number(release.split('.')[0])

/** V$INSTANCE.VERSION: from 18c on it has only the release, the update is in VERSION_FULL. */
export function baseRelease(release: string): string {
  return major(release) >= 18 ? `${String(major(release))}.0.0.0.0` : release
}

/** COMPATIBLE of a database that was made with a release. */
export function compatibleOf(release: string): string {
  if (major(release) < 18) return release
  return major(release) >= 23 ? `${release.split('.').slice(0, 2).join('.')}.0` : `${String(major(release))}.0.0`
}

/** `11g`, `12c`, `19c`, `23ai`. */
export function brandOf(release: string): string {
  return `${String(major(release))}${major(release) < 12 ? 'g' : major(release) >= 23 ? 'ai' : 'c'}`
}
