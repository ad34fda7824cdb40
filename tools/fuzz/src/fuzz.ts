import { isIcbError } from '@icb/runtime'
import fc from 'fast-check'
import { hostileInputs } from './hostile-input.ts'
import type { FuzzSubject, HostileInput } from './subject.ts'

export interface Finding {
  readonly kind: 'crash' | 'wrong success'
  readonly what: string
  readonly input: HostileInput
}

export interface FuzzReport {
  readonly subject: string
  readonly inputs: number
  readonly accepted: number
  readonly rejected: number
  /** Milliseconds of the slowest input. */
  readonly slowest: number
  readonly findings: readonly Finding[]
}

export interface FuzzOptions {
  readonly inputs: number
  readonly seed: number
  readonly now: () => number
}

/** Feeds one parser. The same seed makes the same inputs. */
export async function fuzz(subject: FuzzSubject, { inputs, seed, now }: FuzzOptions): Promise<FuzzReport> {
  const findings: Finding[] = []
  let [accepted, rejected, slowest] = [0, 0, 0]
  for (const input of fc.sample(hostileInputs(subject), { numRuns: inputs, seed })) {
    const begun = now()
    try {
      const outcome = await subject.examine(input)
      if (outcome === 'rejected') rejected += 1
      else accepted += 1
      if (typeof outcome === 'object') findings.push({ kind: 'wrong success', what: outcome.wrong, input })
    } catch (error) {
      if (isIcbError(error)) rejected += 1
      else findings.push({ kind: 'crash', what: error instanceof Error ? (error.stack ?? error.message) : String(error), input })
    }
    slowest = Math.max(slowest, now() - begun)
  }
  return { subject: subject.name, inputs, accepted, rejected, slowest, findings }
}
