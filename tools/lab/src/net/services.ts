import type { LabInstance } from '../engine/instance.ts'
import type { Container } from '../engine/instance-api.ts'
import { uniqueName } from '../sql/environment.ts'

/** Service names that lead to an instance, lower case. */
export function serviceNames(instance: LabInstance): readonly string[] {
  const domain = instance.parameters.get('db_domain')?.value ?? ''
  const qualified = (name: string): string => (domain === '' || name.includes('.') ? name : `${name}.${domain}`).toLowerCase()
  const named = (instance.parameters.get('service_names')?.value ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '')
  return [...new Set([uniqueName(instance), ...named, ...pluggable(instance).map((pdb) => pdb.name)].map(qualified))]
}

/** PDBs that are open; the seed serves nobody. */
const pluggable = (instance: LabInstance): readonly Container[] => (instance.status === 'STARTED' ? [] : instance.containers.filter((one) => one.conId > 2 && one.openMode !== 'MOUNTED'))

/** The PDB that a service name leads to; 0 for the whole database. */
export function containerOf(instance: LabInstance, service: string): number {
  return pluggable(instance).find((pdb) => service.split('.')[0] === pdb.name.toLowerCase())?.conId ?? 0
}
