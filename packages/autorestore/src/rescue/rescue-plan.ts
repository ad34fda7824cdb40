import { z } from 'zod'
import type { JournalRun } from '@icb/runtime'

/** What was decided before anything was made. */
export interface RescuePlan {
  /** Name and id of the snapshot that is cloned. */
  readonly snapshot: string
  readonly snapshotId: string
  /** Absent: to the end of the archived logs in it. */
  readonly untilScn?: string
  readonly sid: string
  /** Parameter files and whatever else is no part of the database. */
  readonly directory: string
  readonly mount?: string
}

/** A data file with the place it belongs to. */
export interface RescuedFile {
  readonly file: number
  readonly name: string
  readonly pdb: string | null
}

const planSchema: z.ZodType<RescuePlan> = z.object({ snapshot: z.string(), snapshotId: z.string(), untilScn: z.exactOptional(z.string().regex(/^\d{1,20}$/)), sid: z.string(), directory: z.string(), mount: z.exactOptional(z.string()) })
/** Where the data files lay before they were switched, and the SCN that is recovered to. */
export interface RecordedPlaces {
  readonly files: readonly RescuedFile[]
  readonly targetScn: string
}

const placesSchema: z.ZodType<RecordedPlaces> = z.object({ files: z.array(z.object({ file: z.int(), name: z.string(), pdb: z.nullable(z.string()) })), targetScn: z.string().regex(/^\d{1,20}$/) })

/** Steps whose intents hold what a resumed rescue has to know. */
export const planStep = 'plan'
export const placesStep = 'record-places'

function dataOf(run: JournalRun, step: string): unknown {
  return run.steps.find((each) => each.name === step)?.intents.at(-1)
}

/** `undefined`: the run did not get that far. */
export function rescuePlanOf(run: JournalRun): RescuePlan | undefined {
  const parsed = planSchema.safeParse(dataOf(run, planStep))
  return parsed.success ? parsed.data : undefined
}

/** What the run recorded before it switched; `undefined`: it did not get that far. */
export function placesOf(run: JournalRun): RecordedPlaces | undefined {
  const parsed = placesSchema.safeParse(dataOf(run, placesStep))
  return parsed.success ? parsed.data : undefined
}
