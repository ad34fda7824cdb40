import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { defineConfig } from 'vitest/config'

/** Suites on a real ZFS and against many simulated releases are short files that take long: begun last, each would run alone. */
const longRunning = /conformance|profiles|faults|slots|migrate|rescue|keystore|ledger\.test/

class LongRunningFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter(({ moduleId }) => longRunning.test(moduleId)), ...sorted.filter(({ moduleId }) => !longRunning.test(moduleId))]
  }
}

export default defineConfig({
  test: { projects: ['packages/*', 'apps/*', 'tools/lab', 'tools/testing', 'tools/demo', 'tools/torture', 'tools/fuzz', 'tools/parity'], sequence: { sequencer: LongRunningFirst } },
})
