export { snapshotStorageRules, snapshotStorageSuite } from './conformance/suite.ts'
export type { SnapshotStorageSuiteOptions, TestFunctions } from './conformance/suite.ts'
export type { ConformanceFault, ConformanceFiles, ConformanceHarness } from './conformance/harness.ts'
export type { ConformanceRule, RuleNeed, RuleRun } from './conformance/rule.ts'
