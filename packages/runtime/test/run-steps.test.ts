import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openJournal, readJournals, runSteps } from '../src/index.ts'
import type { Journal, Lease, RunStepsOptions, Step, StepEvent } from '../src/index.ts'
import { ManualClock, recordingEvents, recordingLogger } from '../src/testing.ts'

type Context = string[]
const header = { action: 'backup', database: 'orcl', host: 'h', hostId: 'aabbccdd', version: '0.1.0' }
let dir: string
let journal: Journal
const clock = new ManualClock()
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'icb-steps-'))
  journal = await openJournal(dir, header, { clock, runId: 'r1' })
})
afterEach(async () => {
  await journal.close()
  await rm(dir, { recursive: true, force: true })
})

const step = (name: string, more: Partial<Step<Context>> = {}): Step<Context> => ({
  name,
  title: name,
  run: async (context) => {
    context.push(name)
  },
  compensate: async (context) => {
    context.push(`undo ${name}`)
  },
  ...more,
})
const failing = (name: string, more: Partial<Step<Context>> = {}): Step<Context> =>
  step(name, {
    run: async () => {
      throw new Error(`${name} broke`)
    },
    ...more,
  })
const setup = (steps: readonly Step<Context>[], more: Partial<RunStepsOptions<Context>> = {}) => {
  const events = recordingEvents<StepEvent>()
  const context: Context = []
  const options: RunStepsOptions<Context> = { action: 'backup', database: 'orcl', context, steps, journal, events, clock, logger: recordingLogger(), signal: new AbortController().signal, ...more }
  return { events, context, run: () => runSteps(options) }
}
const leaseThat = (assertHeld: () => Promise<void>, signal = new AbortController().signal): Lease => ({ path: 'x', token: 5, signal, assertHeld, release: async () => undefined })
const kinds = async (): Promise<string[]> => (await readJournals(dir))[0]!.records.map((record) => [record.kind, record.step].filter(Boolean).join(' '))

describe('runSteps', () => {
  it('runs steps in order, each between its intent and its outcome', async () => {
    const { events, context, run } = setup([
      step('a', { intent: () => ({ name: 'x' }) }),
      step('look', { changes: false }),
      step('b', {
        run: async (_context, { intend, summary, warn, progress }) => {
          await intend({ late: 1 })
          progress({ fraction: 0.5 })
          warn('ICB_X', 'careful')
          summary('3 files')
        },
      }),
    ])
    const result = await run()
    expect(result).toMatchObject({ ok: true, warnings: [{ code: 'ICB_X', message: 'careful', step: 'b' }], compensationErrors: [] })
    expect(result.steps.map((each) => [each.name, each.status, each.summary])).toEqual([
      ['a', 'done', undefined],
      ['look', 'done', undefined],
      ['b', 'done', '3 files'],
    ])
    expect(context).toEqual(['a', 'look'])
    expect(await kinds()).toEqual(['run', 'intent a', 'outcome a', 'intent b', 'intent b', 'outcome b', 'end'])
    expect(events.types).toEqual(['run.started', 'step.started', 'step.finished', 'step.started', 'step.finished', 'step.started', 'step.progress', 'run.warning', 'step.finished', 'run.finished'])
    expect(events.events.every((event) => event.runId === 'r1' && event.database === 'orcl')).toBe(true)
  })

  it('[H43] [H44] undoes done and half-done steps in reverse order after a failure, not the ones that never ran', async () => {
    const { events, context, run } = setup([step('a'), step('b'), failing('c'), step('d')])
    const result = await run()
    expect(result).toMatchObject({ ok: false, failedStep: 'c', error: new Error('c broke') })
    expect(context).toEqual(['a', 'b', 'undo c', 'undo b', 'undo a'])
    expect(result.steps.map((each) => each.status)).toEqual(['done', 'done', 'failed', 'not-run'])
    expect(await kinds()).toEqual(['run', 'intent a', 'outcome a', 'intent b', 'outcome b', 'intent c', 'failure c', 'compensated c', 'compensated b', 'compensated a', 'end'])
    expect(events.types.slice(-4)).toEqual(['step.compensated', 'step.compensated', 'step.compensated', 'run.finished'])
  })

  it('undoes only what says always after success', async () => {
    const { context, run } = setup([step('a', { compensateWhen: 'always' }), step('b')])
    expect(await run()).toMatchObject({ ok: true })
    expect(context).toEqual(['a', 'b', 'undo a'])
  })

  it('a failing compensation is reported, the others still run, and the journal stays without an end', async () => {
    const broken = step('b', {
      compensate: async () => {
        throw new Error('stuck')
      },
    })
    const { context, run } = setup([step('a'), broken, failing('c')])
    const result = await run()
    expect(result.compensationErrors).toEqual([{ step: 'b', error: new Error('stuck') }])
    expect(result.error).toEqual(new Error('c broke'))
    expect(context).toEqual(['a', 'b', 'undo c', 'undo a'])
    const [old] = await readJournals(dir)
    expect(old?.finished).toBe(false)
    expect(old?.steps.map((each) => [each.name, each.state])).toEqual([
      ['a', 'compensated'],
      ['b', 'done'],
      ['c', 'compensated'],
    ])
  })

  it('an abort fails the running step; compensations get a live signal', async () => {
    const stop = new AbortController()
    const seen: boolean[] = []
    const { run } = setup(
      [
        step('a', {
          compensate: async (_context, { signal }) => {
            seen.push(signal.aborted)
          },
        }),
        step('b', {
          run: async (_context, { signal }) => {
            stop.abort(new Error('SIGTERM'))
            signal.throwIfAborted()
          },
        }),
        step('c'),
      ],
      { signal: stop.signal },
    )
    expect(await run()).toMatchObject({ ok: false, failedStep: 'b', error: new Error('SIGTERM') })
    expect(seen).toEqual([false])
  })

  it('a step that completed in spite of an abort is done, and the next one does not start', async () => {
    const stop = new AbortController()
    const { context, run } = setup(
      [
        step('a', {
          run: async (context) => {
            context.push('a')
            stop.abort(new Error('SIGINT'))
          },
        }),
        step('b'),
      ],
      { signal: stop.signal },
    )
    const result = await run()
    expect(result.steps.map((each) => each.status)).toEqual(['done', 'not-run'])
    expect(context).toEqual(['a', 'undo a'])
  })

  it('gives a compensation up at its deadline and goes on', async () => {
    const { context, run } = setup([step('a'), step('b', { compensate: () => new Promise(() => undefined) }), failing('c')], { compensationDeadlineMs: 5000 })
    const settled = new AbortController()
    const going = run().finally(() => {
      settled.abort()
    })
    while (!settled.signal.aborted) await clock.advance(1000)
    const result = await going
    expect(result.compensationErrors).toMatchObject([{ step: 'b', error: { code: 'ICB_STEPS_COMPENSATION_EXPIRED' } }])
    expect(context).toContain('undo a')
  })

  it('asks the lease before each changing step and writes its token', async () => {
    let asked = 0
    const { run } = setup([step('a'), step('look', { changes: false }), step('b')], {
      lease: leaseThat(async () => {
        asked += 1
      }),
    })
    await run()
    expect(asked).toBe(2)
    expect((await readJournals(dir))[0]?.records.filter((record) => record.step !== undefined).every((record) => record.token === 5)).toBe(true)
  })

  it('a lost lease stops the run, undoes nothing and leaves the journal for the next run', async () => {
    const lost = new AbortController()
    const { context, run } = setup(
      [
        step('a'),
        step('b', {
          run: async () => {
            lost.abort(new Error('lost'))
          },
        }),
        step('c'),
      ],
      {
        lease: leaseThat(async () => {
          lost.signal.throwIfAborted()
        }, lost.signal),
      },
    )
    const result = await run()
    expect(result).toMatchObject({ ok: false, error: new Error('lost') })
    expect(result.compensationErrors.map((each) => each.step)).toEqual(['b', 'a'])
    expect(context).toEqual(['a'])
    expect((await readJournals(dir))[0]?.finished).toBe(false)
  })

  it('without its intent on disk a step does not run', async () => {
    const append = journal.append.bind(journal)
    journal = { ...journal, append: async (entry) => (entry.step === 'b' ? Promise.reject(new Error('disk full')) : append(entry)) }
    const { context, run } = setup([step('a'), step('b')])
    expect(await run()).toMatchObject({ ok: false, failedStep: 'b', error: new Error('disk full') })
    expect(context).toEqual(['a', 'undo a'])
  })

  it('goes on where an interrupted run stopped', async () => {
    const { context, run } = setup([step('a'), step('b'), failing('c')], { alreadyDone: ['a', 'gone'] })
    const result = await run()
    expect(context).toEqual(['b', 'undo c', 'undo b', 'undo a'])
    expect(result.steps[0]).toMatchObject({ name: 'a', status: 'done' })
  })

  it('concludes before the end is recorded, so that a run killed there is unfinished', async () => {
    const seen: unknown[] = []
    const { run } = setup([step('a'), failing('b')], {
      conclude: async ({ ok, failedStep }) => {
        seen.push({ ok, failedStep, kinds: await kinds(), finished: (await readJournals(dir))[0]?.finished })
      },
    })
    await run()
    expect(seen).toEqual([{ ok: false, failedStep: 'b', kinds: (await kinds()).slice(0, -1), finished: false }])
    expect((await kinds()).at(-1)).toBe('end')
  })

  it('does not conclude what goes on', async () => {
    const conclude = async (): Promise<void> => { throw new Error('not yet') }
    expect((await setup([step('a')], { continues: true, conclude }).run()).ok).toBe(true)
  })

  it('a run that must go on is left as it failed: nothing is undone, and its journal has no end', async () => {
    const { context, run } = setup([step('a'), failing('b')], { resumable: true })
    expect(await run()).toMatchObject({ ok: false, failedStep: 'b' })
    expect(context).toEqual(['a'])
    expect(await kinds()).toEqual(['run', 'intent a', 'outcome a', 'intent b', 'failure b'])
  })

  it('an event receiver that throws harms nothing', async () => {
    const { run } = setup([step('a')], {
      events: {
        emit: () => {
          throw new Error('bad receiver')
        },
      },
    })
    expect(await run()).toMatchObject({ ok: true })
  })
})
