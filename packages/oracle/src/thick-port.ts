import { Worker } from 'node:worker_threads'
import type { Clock } from '@icb/runtime'
import { thickFailure } from './oracledb-errors.ts'
import { attributesOf, type OracledbLogon, type OracledbPort } from './oracledb-port.ts'

/**
 * The worker of Thick mode: Oracle's client libraries count for a whole thread and cannot be mixed with Thin mode there. It is a text,
 * so that a program of one file has it too. It does what {@link OracledbPort} says, one message a call.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads')
let driver
let connection
const binds = (given) => Object.fromEntries(Object.entries(given).map(([name, val]) => [name, { val, type: typeof val === 'number' || typeof val === 'bigint' ? driver.DB_TYPE_NUMBER : driver.DB_TYPE_VARCHAR, dir: driver.BIND_IN }]))
const calls = {
  start: () => {
    driver = require(workerData.file)
    driver.initOracleClient(workerData.configDir === undefined ? {} : { configDir: workerData.configDir })
  },
  open: async (attributes) => {
    connection = await driver.getConnection(attributes)
  },
  query: async (sql, given) => (await connection.execute(sql, binds(given), { fetchTypeHandler: () => ({ type: driver.DB_TYPE_VARCHAR }), fetchArraySize: 1000, prefetchRows: 1001, outFormat: driver.OUT_FORMAT_ARRAY })).rows ?? [],
  execute: async (sql, given) => void (await connection.execute(sql, binds(given))),
  commit: () => connection.commit(),
  rollback: () => connection.rollback(),
  ping: () => connection.ping(),
  interrupt: () => connection.break(),
  close: () => connection.close(),
}
parentPort.on('message', ({ id, call, args }) => {
  Promise.resolve().then(() => calls[call](...args)).then(
    (value) => parentPort.postMessage({ id, value }),
    (error) => parentPort.postMessage({ id, error: String(error?.message ?? error) }),
  )
})
`

/** How long a connection may take to end before its worker is ended. */
const closeMs = 5_000

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/**
 * Opens a connection in Thick mode, in a worker of its own. Rejects with the driver's error when the database cannot be reached.
 * @param file of the `oracledb` package
 * @throws ICB_ORACLE_DRIVER when Thick mode does not start: `DPI-1047` without Oracle's client libraries
 */
export async function openThickPort(file: string, logon: OracledbLogon, clock: Clock): Promise<OracledbPort> {
  const worker = new Worker(program, { eval: true, workerData: { file, configDir: logon.configDir } })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let last = 0
  const end = (error: Error): void => {
    for (const call of waiting.values()) call.reject(error)
    waiting.clear()
  }
  worker.on('message', ({ id, value, error }: Answer) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(value)
    else call?.reject(new Error(error))
  })
  worker.on('error', end)
  worker.on('exit', () => { end(new Error('NJS-500: the worker of Thick mode has ended')) })
  const ask = <T>(call: keyof OracledbPort | 'start' | 'open', ...args: readonly unknown[]): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      last += 1
      waiting.set(last, { resolve: (value) => { resolve(value as T) }, reject })
      worker.postMessage({ id: last, call, args })
    })
  const stop = async (): Promise<void> => {
    await worker.terminate()
  }
  try {
    await ask('start').catch((error: unknown) => { throw thickFailure(error) })
    await ask('open', attributesOf(logon))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    query: (sql, binds) => ask('query', sql, binds),
    execute: (sql, binds) => ask('execute', sql, binds),
    commit: () => ask('commit'),
    rollback: () => ask('rollback'),
    ping: () => ask('ping'),
    interrupt: () => ask('interrupt'),
    close: async () => {
      const over = new AbortController()
      // A call that hangs in the client libraries also holds the end of its connection.
      await Promise.race([ask('close').catch(() => undefined), clock.sleep(closeMs, over.signal).catch(() => undefined)])
      over.abort()
      await stop()
    },
  }
}
