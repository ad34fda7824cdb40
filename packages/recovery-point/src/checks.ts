import type { Check } from '@icb/runtime'
import { findManifest } from './manifest-file.ts'
import { readPoints } from './points-index.ts'

export interface PointCheckDependencies {
  readonly areaPath: string
}

/** What `doctor` asks of the area's own records: its manifest, and the index of the points. Reads only. */
export function checks({ areaPath }: PointCheckDependencies): readonly Check[] {
  return [
    {
      id: 'recovery-point.manifest', title: 'manifest of the area', needs: ['backup.area'],
      run: async () => {
        const found = await findManifest(areaPath)
        if (found === undefined) return { status: 'skipped', summary: 'there is none yet', advice: 'The first backup writes it.' }
        const { state, window, copies } = found.manifest
        return { status: 'ok', summary: `${state}, ${String(copies.length)} copies${window === undefined ? '' : `, restorable from SCN ${window.minScn.toString()}`}` }
      },
    },
    {
      id: 'recovery-point.index', title: 'index of the recovery points', needs: ['backup.area'],
      run: async () => {
        const unreadable: unknown[] = []
        const note = (fields: object): void => { unreadable.push((fields as { readonly line?: unknown }).line) }
        const ignore = (): void => undefined
        const points = await readPoints(areaPath, { logger: { trace: ignore, debug: ignore, info: ignore, warn: note, error: ignore, child() { return this } } })
        const summary = `${String(points.length)} points, ${String(points.filter((point) => point.state === 'refreshed').length)} of them whole`
        if (unreadable.length === 0) return { status: 'ok', summary }
        return { status: 'warning', summary: `${summary}; ${String(unreadable.length)} lines cannot be read (${unreadable.slice(0, 5).join(', ')})`, advice: 'A line that a crash tore is harmless. Points without a line are unknown: they are kept, and never count as restorable.', remedy: 'operator' }
      },
    },
  ]
}
