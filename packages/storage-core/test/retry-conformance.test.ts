import { describe, it } from 'vitest'
import { snapshotStorageSuite } from '../src/conformance.ts'
import { withRetry } from '../src/index.ts'
import { memoryHarness, tickingClock } from './memory-harness.ts'

// One attempt: the kit wants to see the injected failure itself.
snapshotStorageSuite({ describe, it }, { name: 'memory behind withRetry', create: () => memoryHarness({}, (storage) => withRetry(storage, { clock: tickingClock(), attempts: 1 })) })
