import { silentLogger } from '@icb/runtime'
import type { ProcessRunner } from '@icb/runtime'
import { describe, expect, it } from 'vitest'
import { createInstanceControl, oracleEnvironment } from '../src/index.ts'

/** One local instance that answers to V$INSTANCE, STARTUP and SHUTDOWN as SQL*Plus would show it. */
function host(instance: { name: string; status: 'down' | 'STARTED' | 'MOUNTED' | 'OPEN' }, ignoresShutdown = false): { readonly runProcess: ProcessRunner; readonly sent: string[] } {
  const sent: string[] = []
  const runProcess: ProcessRunner = (spec) => {
    const out: string[] = []
    let exitCode = 0
    for (const line of (spec.stdin ?? '').split('\n')) {
      if (exitCode !== 0) break
      if (line.startsWith('conn ') && instance.status === 'down') out.push('Connected to an idle instance.')
      else if (line.startsWith('prompt ')) out.push(line.slice(7))
      else if (line.startsWith('startup ')) {
        sent.push(line)
        out.push('ORACLE instance started.')
        if (line.includes("'/bad.ora'")) {
          out.push("LRM-00109: could not open parameter file '/bad.ora'", 'ORA-01078: failure in processing system parameters')
          exitCode = 1
        } else instance.status = line.startsWith('startup nomount') ? 'STARTED' : 'MOUNTED'
      } else if (line.startsWith('shutdown ')) {
        sent.push(line)
        if (line === 'shutdown immediate' && instance.status === 'STARTED') out.push('ORA-01507: database not mounted', '')
        out.push('ORACLE instance shut down.')
        if (!ignoresShutdown) instance.status = 'down'
      } else if (line.startsWith('with q')) {
        if (instance.status === 'down') {
          out.push('ERROR at line 1:', 'ORA-01034: ORACLE not available')
          exitCode = 1
        } else out.push(`ICB|=${instance.name}|=box|=12.1.0.2.0|=${instance.status}|=2026-01-01 00:00:00|~|=ACTIVE|`)
      }
    }
    for (const line of out) spec.onLine?.(line, 'stdout')
    return Promise.resolve({ exitCode, signal: null, timedOut: false, canceled: false, durationMs: 1, tail: out, lineCount: out.length, cutLines: 0 })
  }
  return { runProcess, sent }
}

const control = (runProcess: ProcessRunner, sid = 'ICB01'): ReturnType<typeof createInstanceControl> =>
  createInstanceControl({ sid, oracleHome: '/home', env: oracleEnvironment({ oracleHome: '/home', sid, home: '/tmp' }), runProcess, logger: silentLogger })

describe('instance control', () => {
  it('starts, reads back, stops', async () => {
    const state = { name: 'ICB01', status: 'down' as const }
    const { runProcess, sent } = host(state)
    await control(runProcess).startup({ mode: 'nomount', pfile: '/scratch/init.ora' })
    expect(state.status).toBe('STARTED')
    await control(runProcess).shutdown({ mode: 'immediate' })
    expect(state.status).toBe('down')
    expect(sent).toEqual(["startup nomount pfile='/scratch/init.ora'", 'shutdown immediate'])
  })

  it('a failing startup carries the codes', async () => {
    await expect(control(host({ name: 'ICB01', status: 'down' }).runProcess).startup({ mode: 'nomount', pfile: '/bad.ora' })).rejects.toMatchObject({ code: 'ICB_ORACLE_SQL', details: { codes: ['LRM-00109', 'ORA-01078'] } })
  })

  it('an instance that is down needs no shutdown', async () => {
    const { runProcess, sent } = host({ name: 'ICB01', status: 'down' })
    await control(runProcess).shutdown({ mode: 'abort' })
    expect(sent).toEqual([])
  })

  it('[H1] another instance is never stopped', async () => {
    const { runProcess, sent } = host({ name: 'orcl', status: 'OPEN' })
    await expect(control(runProcess).shutdown({ mode: 'abort' })).rejects.toMatchObject({ code: 'ICB_ORACLE_WRONG_INSTANCE' })
    expect(sent).toEqual([])
  })

  it('an instance that survives its shutdown is an error', async () => {
    const { runProcess } = host({ name: 'ICB01', status: 'OPEN' }, true)
    await expect(control(runProcess).shutdown({ mode: 'abort' })).rejects.toMatchObject({ code: 'ICB_ORACLE_WRONG_INSTANCE' })
  })

  it('the environment must name the same instance, and paths must be plain', async () => {
    const { runProcess } = host({ name: 'ICB01', status: 'down' })
    expect(() => createInstanceControl({ sid: 'ICB02', oracleHome: '/home', env: { ORACLE_SID: 'orcl' }, runProcess, logger: silentLogger })).toThrow(/ORACLE_SID/)
    await expect(control(runProcess).startup({ mode: 'nomount', pfile: "/x' host id" })).rejects.toMatchObject({ code: 'ICB_ORACLE_STATEMENT' })
  })
})
