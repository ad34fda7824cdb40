import type { SchedulingInstance } from './coordinator.ts'

/** How often due jobs are looked for. */
const PERIOD_MS = 500

/** The job queue process of an instance; `stop` ends it. In a cluster only the instance that `leads` starts jobs. A database without any job pays only for a look at its table names. */
export function startJobQueue(instance: SchedulingInstance, leads: () => boolean = () => true): { stop(): void } {
  let coordinator: { tick(): Promise<void> } | undefined
  const look = async (): Promise<void> => {
    if (instance.status !== 'OPEN' || !leads() || !instance.tables().some((table) => table.owner === 'SYS' && table.name === 'OBJ$')) return
    if (coordinator === undefined) {
      const { JobCoordinator } = await import('./coordinator.ts')
      coordinator = new JobCoordinator(instance)
    }
    await coordinator.tick()
  }
  const timer = setInterval(() => {
    // What goes wrong in a look, an instance that goes down for example, is over with it.
    look().catch(() => undefined)
  }, PERIOD_MS)
  timer.unref()
  return { stop: () => { clearInterval(timer) } }
}
