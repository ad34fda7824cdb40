import type { IcbDocument } from '@icb/testing'

interface TestResult {
  readonly restoreTests?: readonly { readonly verdict?: { readonly outcome: string; readonly snapshot?: string; readonly reasons: readonly { readonly code: string; readonly text: string }[] }; readonly error?: { readonly message: string } }[]
}

const testOf = (document: IcbDocument | undefined): NonNullable<TestResult['restoreTests']>[number] | undefined => (document?.result as TestResult | undefined)?.restoreTests?.[0]

/** The verdict of a restore test's document. */
export function outcomeOf(document: IcbDocument | undefined): string | undefined {
  return testOf(document)?.verdict?.outcome
}

/** The snapshot that was tested. */
export function snapshotOf(document: IcbDocument | undefined): string | undefined {
  return testOf(document)?.verdict?.snapshot
}

/** Why it is what it is, for people. */
export function reasonsOf(document: IcbDocument | undefined): string {
  const test = testOf(document)
  return test?.verdict?.reasons.map((reason) => `${reason.code}: ${reason.text}`).join('; ') ?? test?.error?.message ?? document?.error?.message ?? ''
}
