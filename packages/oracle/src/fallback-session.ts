import { isIcbError } from '@icb/runtime'
import type { Logger } from '@icb/runtime'
import type { SqlSession } from './sql-session.ts'

/** What Thin cannot do, as it finds out when it connects: an old release, an old password verifier, native network encryption. */
const beyondThin: ReadonlySet<string> = new Set(['NJS-116', 'NJS-138', 'NJS-533'])

const codesOf = (error: unknown): readonly string[] => {
  const codes = isIcbError(error) && error.code === 'ICB_ORACLE_CONNECT' ? error.details['codes'] : undefined
  return Array.isArray(codes) ? codes.map(String) : []
}

/**
 * A session that goes on with another driver when the first cannot connect to this database for a reason that will not change.
 * Nothing was executed then, so nothing is done twice.
 */
export function withFallback(first: SqlSession, other: () => SqlSession, logger: Logger): SqlSession {
  let current = first
  const attempt = async <T>(call: (session: SqlSession) => Promise<T>): Promise<T> => {
    const used = current
    try {
      return await call(used)
    } catch (error) {
      const code = codesOf(error).find((one) => beyondThin.has(one))
      if (used !== first || code === undefined) throw error
      if (current === first) {
        current = other()
        logger.info({ code, driver: current.driver }, `${code}: Thin mode cannot talk to this database`)
        await first.close()
      }
      return call(current)
    }
  }
  return {
    get driver() {
      return current.driver
    },
    query: (query, options) => attempt((session) => session.query(query, options)),
    execute: (statements, options) => attempt((session) => session.execute(statements, options)),
    close: () => current.close(),
  }
}
