import type { FuzzSubject } from './subject.ts'
import { configSubjects } from './subjects/config.ts'
import { oracleSubjects } from './subjects/oracle.ts'
import { recoveryPointSubjects } from './subjects/recovery-point.ts'
import { runtimeSubjects } from './subjects/runtime.ts'
import { storageSubjects } from './subjects/storage.ts'

export interface OpenSubjects extends AsyncDisposable {
  readonly subjects: readonly FuzzSubject[]
}

/** Every parser of the product that reads what others wrote. */
export async function openSubjects(): Promise<OpenSubjects> {
  const points = await recoveryPointSubjects()
  const state = await runtimeSubjects()
  return {
    subjects: [...configSubjects, ...oracleSubjects, ...points.subjects, ...state.subjects, ...storageSubjects],
    async [Symbol.asyncDispose]() {
      await points[Symbol.asyncDispose]()
      await state[Symbol.asyncDispose]()
    },
  }
}
