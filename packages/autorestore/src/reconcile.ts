import { createCloneMounter } from './clone-mounter.ts'
import { cloneNameOf } from './run-restore-test.ts'
import { removeRunDirectory, runDirectory } from './sandbox.ts'
import type { RestoreTestDependencies } from './settings.ts'
import { stopOwnInstance } from './steps/instance-steps.ts'

