import { z } from 'zod'
import type { LedgerEntry, Verdict, VerdictReasonCode } from './verdict.ts'

/** Every code of the type; a missing one does not compile. */
const reasonCodes = {
  ARCHIVED_LOG_MISSING: 'ARCHIVED_LOG_MISSING',
  BLOCK_CORRUPT: 'BLOCK_CORRUPT',
  DBID_MISMATCH: 'DBID_MISMATCH',
  MANIFEST_MISMATCH: 'MANIFEST_MISMATCH',
  COPY_MISSING: 'COPY_MISSING',
  CONTROL_FILE_UNREADABLE: 'CONTROL_FILE_UNREADABLE',
  RECOVERY_FAILED: 'RECOVERY_FAILED',
  OPEN_FAILED: 'OPEN_FAILED',
  SWITCH_INCOMPLETE: 'SWITCH_INCOMPLETE',
  SCN_MISMATCH: 'SCN_MISMATCH',
  TIME_OUT_OF_TOLERANCE: 'TIME_OUT_OF_TOLERANCE',
  DATAFILE_STATE: 'DATAFILE_STATE',
  NOT_A_RECOVERY_POINT: 'NOT_A_RECOVERY_POINT',
  VERIFICATION_FAILED: 'VERIFICATION_FAILED',
  GUARD_REFUSED: 'GUARD_REFUSED',
  SANDBOX_FAILED: 'SANDBOX_FAILED',
  STORAGE_FAILED: 'STORAGE_FAILED',
  CANCELED: 'CANCELED',
  INTERRUPTED: 'INTERRUPTED',
  INTERNAL: 'INTERNAL',
} as const satisfies { readonly [Code in VerdictReasonCode]: Code }

const text = z.string()
const name = text.min(1)
const instant = text.refine((value) => /(Z|[+-]\d{2}:?\d{2})$/.test(value) && !Number.isNaN(Date.parse(value)), 'must be an ISO time with zone')
const scn = text.regex(/^\d{1,20}$/, 'must be decimal digits')
const count = z.number().int().nonnegative()
const place = z.object({ scn: z.exactOptional(scn), time: z.exactOptional(text) })

/** Of a verdict as it is stored: SCNs are decimal strings. */
export const verdictSchema: z.ZodType<Verdict> = z
  .object({
    schema: z.literal(1),
    runId: name,
    database: name,
    dbid: z.exactOptional(text),
    outcome: z.enum(['passed', 'failed', 'inconclusive']),
    reasons: z.array(z.object({ code: z.enum(reasonCodes), text, messages: z.exactOptional(z.array(text)) })),
    warnings: z.array(text),
    snapshot: z.exactOptional(text),
    startedAt: instant,
    finishedAt: instant,
    host: text,
    sid: z.exactOptional(text),
    target: z.exactOptional(place),
    verified: z.exactOptional(place),
    timeDifferenceSeconds: z.exactOptional(z.number()),
    scnDifference: z.exactOptional(text.regex(/^-?\d{1,20}$/, 'must be decimal digits')),
    validation: z.exactOptional(z.object({ ran: z.boolean(), blocksExamined: count, corruptBlocks: count })),
    restoreSeconds: z.exactOptional(z.number()),
    logFile: z.exactOptional(text),
  })
  .superRefine((verdict, context) => {
    // The one contradiction that would show green for red.
    if (verdict.outcome === 'passed' && verdict.reasons.length > 0) context.addIssue({ code: 'custom', path: ['reasons'], message: 'must be empty when the outcome is passed' })
  })

/** Of one row. */
export const entrySchema: z.ZodType<LedgerEntry> = z
  .object({ runId: name, database: name, snapshot: z.exactOptional(text), startedAt: instant, host: text, state: z.enum(['running', 'closed']), verdict: z.exactOptional(verdictSchema) })
  .superRefine((entry, context) => {
    if ((entry.state === 'closed') !== (entry.verdict !== undefined)) context.addIssue({ code: 'custom', path: ['verdict'], message: `does not fit the state ${entry.state}` })
    if (entry.verdict !== undefined && (entry.verdict.runId !== entry.runId || entry.verdict.database !== entry.database)) context.addIssue({ code: 'custom', path: ['verdict'], message: 'is of another run' })
  })
