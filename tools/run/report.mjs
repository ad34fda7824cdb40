// A vitest reporter: writes what became of each test, with the reason of each skip, as JSON to the file that ICB_TEST_REPORT names.
import { writeFileSync } from 'node:fs'

export default class Report {
  onTestRunEnd(modules, unhandledErrors) {
    const files = modules.map((module) => ({
      file: module.moduleId,
      // A file that cannot be loaded has errors and no tests.
      broken: module.errors().length > 0,
      tests: [...module.children.allTests()].map((test) => {
        const result = test.result()
        return { name: test.fullName, state: result.state, note: result.note }
      }),
    }))
    writeFileSync(process.env.ICB_TEST_REPORT, JSON.stringify({ files, unhandled: unhandledErrors.length }))
  }
}
