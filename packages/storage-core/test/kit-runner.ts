import { snapshotStorageSuite } from '../src/conformance.ts'
import type { SnapshotStorageSuiteOptions } from '../src/conformance.ts'

export interface KitReport {
  readonly passed: readonly string[]
  readonly skipped: readonly { readonly id: string; readonly reason: string }[]
  readonly failed: readonly { readonly id: string; readonly error: unknown }[]
}

/** Runs the kit with a runner of its own and tells which rules held. */
export async function runKit(options: SnapshotStorageSuiteOptions): Promise<KitReport> {
  const tests: { id: string; body: (context: { skip: (reason?: string) => unknown }) => Promise<void> }[] = []
  snapshotStorageSuite(
    {
      describe: (_name, body) => {
        body()
      },
      it: (name, body) => {
        tests.push({ id: name.slice(0, name.indexOf(':')), body })
      },
    },
    options,
  )
  const report = { passed: [] as string[], skipped: [] as { id: string; reason: string }[], failed: [] as { id: string; error: unknown }[] }
  for (const { id, body } of tests) {
    let reason: string | undefined
    try {
      await body({ skip: (why = '') => (reason = why) })
      if (reason === undefined) report.passed.push(id)
      else report.skipped.push({ id, reason })
    } catch (error) {
      report.failed.push({ id, error })
    }
  }
  return report
}

