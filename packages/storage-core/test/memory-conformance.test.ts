import { describe, it } from 'vitest'
import { snapshotStorageSuite } from '../src/conformance.ts'
import { memoryHarness } from './memory-harness.ts'

snapshotStorageSuite({ describe, it }, { name: 'memory', create: () => memoryHarness() })
