import { join } from 'node:path'
import { resolveSecret } from '@icb/config'
import type { IcbConfig } from '@icb/config'
import { createFileLedger, createOracleLedger } from '@icb/ledger'
import type { KeptLedger, OracleLedger } from '@icb/ledger'
import { chooseDriver, createOracledbSession, createSqlPlusSession, findOracledb, oracleEnvironment } from '@icb/oracle'
import type { DriverChoice, SqlSession } from '@icb/oracle'
import type { FleetContext } from './connect.ts'
import { fleetErrors as errors } from './errors.ts'

/** State directory of the configuration, else the app's default. */
export function stateDirectory(config: IcbConfig, context: Pick<FleetContext, 'defaultStateDir'>): string {
  return config.stateDir ?? context.defaultStateDir
}

type LedgerContext = Pick<FleetContext, 'clock' | 'logger' | 'defaultStateDir' | 'env' | 'runProcess' | 'homeDirectory'>

const spoolDirectory = (config: IcbConfig, context: LedgerContext): string => join(stateDirectory(config, context), 'ledger-spool')

function ledgerDriver(config: IcbConfig, catalog: string): DriverChoice {
  const { user, password } = config.ledger
  return chooseDriver({ wish: 'auto', connect: catalog, hasCredentials: user !== undefined && password !== undefined, isInstalled: findOracledb([config.baseDir]) !== undefined })
}

/** A session of the owner of the ledger's schema: node-oracledb where user and password are configured and it is installed, else SQL*Plus with the wallet. */
function ledgerSession(config: IcbConfig, catalog: string, { clock, logger, env, runProcess, homeDirectory }: LedgerContext): SqlSession {
  const { user, password, oracleHome, tnsAdmin } = config.ledger
  const { driver } = ledgerDriver(config, catalog)
  if (driver === 'thin' && user !== undefined) {
    return createOracledbSession({
      driver, connectString: catalog.replace(/^\/@/, ''), user, privilege: 'none', moduleDirectories: [config.baseDir], clock, logger,
      password: (signal) => resolveSecret(password, 'password of the ledger', { env, baseDir: config.baseDir, runProcess, clock, signal }),
      ...(tnsAdmin === undefined ? {} : { tnsAdmin }),
    })
  }
  if (oracleHome === undefined) throw errors.NO_ORACLE_HOME(`the ledger ${catalog} is reached by SQL*Plus, and no Oracle home is known`, { hint: 'Set ledger.oracleHome, or ledger.user and ledger.password with the package oracledb installed.' })
  return createSqlPlusSession({ oracleHome, connect: catalog, privilege: 'none', runProcess, logger, env: oracleEnvironment({ oracleHome, home: homeDirectory, ...(tnsAdmin === undefined ? {} : { tnsAdmin }) }) })
}

/** The ledger in an Oracle schema. `undefined`: the configuration's ledger is another one. */
export function openOracleLedger(config: IcbConfig, context: LedgerContext): OracleLedger | undefined {
  const { kind, catalog } = config.ledger
  if (kind !== 'oracle' || catalog === undefined) return undefined
  const choice = ledgerDriver(config, catalog)
  // Where a user is configured and the wallet is taken all the same, errors of the connection must say so.
  const place = config.ledger.user !== undefined && choice.driver === 'sqlplus' ? `${catalog} (over SQL*Plus: ${choice.reason})` : catalog
  return createOracleLedger({ connect: () => ledgerSession(config, catalog, context), place, spoolDir: spoolDirectory(config, context), clock: context.clock, logger: context.logger })
}

/** The proof ledger that the configuration names. `undefined`: none. */
export function openLedger(config: IcbConfig, context: LedgerContext): KeptLedger | undefined {
  if (config.ledger.kind === 'none') return undefined
  return openOracleLedger(config, context) ?? createFileLedger({
    directory: config.ledger.path ?? join(stateDirectory(config, context), 'ledger'), shared: config.ledger.shared, spoolDir: spoolDirectory(config, context), clock: context.clock, logger: context.logger,
  })
}
