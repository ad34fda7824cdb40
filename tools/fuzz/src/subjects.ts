import type { FuzzSubject } from './subject.ts'
import { calendarSubject } from './subjects/calendar.ts'
import { configSubjects } from './subjects/config.ts'
import { oracleSubjects } from './subjects/oracle.ts'
import { recoveryPointSubjects } from './subjects/recovery-point.ts'
import { runtimeSubjects } from './subjects/runtime.ts'
import { stateSubjects } from './subjects/state.ts'
import { storageSubjects } from './subjects/storage.ts'

export interface OpenSubjects extends AsyncDisposable {
  readonly subjects: readonly FuzzSubject[]
}

/** Every parser of the product that reads what others wrote. */
export async function openSubjects(): Promise<OpenSubjects> {
  const points = await recoveryPointSubjects()
  const runs = await runtimeSubjects()
  const state = await stateSubjects()
  return {
    subjects: [...configSubjects, ...oracleSubjects, ...points.subjects, ...runs.subjects, ...state.subjects, calendarSubject, ...storageSubjects],
    async [Symbol.asyncDispose]() {
      await points[Symbol.asyncDispose]()
      await runs[Symbol.asyncDispose]()
      await state[Symbol.asyncDispose]()
    },
  }
}
