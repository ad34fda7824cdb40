import type { Parameters } from './parameters.ts'
import { ora } from './ora-error.ts'
import type { ControlFileData } from './records.ts'

/** @throws OraError 01103 wrong db_name; 00201 compatible too low; 00202 names the file */
export function checkMountable(data: ControlFileData, parameters: Parameters): void {
  const name = parameters.get('db_name').toUpperCase()
  if (data.name.toUpperCase() !== name) throw ora(1103, `database name '${data.name}' in control file is not '${name}'`)
  const compatible = parameters.get('compatible')
  if (compareReleases(compatible, data.compatible) < 0) {
    throw ora(201, `control file version ${data.compatible} incompatible with ORACLE version ${compatible}`, [202, `control file: '${parameters.list('control_files')[0] ?? ''}'`])
  }
}

/** Compares dotted releases number by number. */
export function compareReleases(a: string, b: string): number {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
