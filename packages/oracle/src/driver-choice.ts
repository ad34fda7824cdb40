/** `auto`: Thin where it can, else SQL*Plus. Thick only when it is asked for. */
export type DriverWish = 'auto' | 'thin' | 'thick' | 'sqlplus'

/** What decides which driver carries the SQL. */
export interface DriverSituation {
  readonly wish: DriverWish
  /** `/`, `/@alias`, as configured. */
  readonly connect: string
  /** A user and a reference to a password are configured. */
  readonly hasCredentials: boolean
  /** The `oracledb` package can be loaded. */
  readonly isInstalled: boolean
  /** Of the database, when it is known: `11.2.0.4.0`. */
  readonly release?: string | undefined
}

export interface DriverChoice {
  readonly driver: 'thin' | 'thick' | 'sqlplus'
  /** One sentence for people: why this one. */
  readonly reason: string
  /** Why the wish cannot be fulfilled; the driver is then the one that would fail. */
  readonly problem?: string
}

/** The oldest release that Thin speaks to. */
const oldestThin = [12, 1] as const

function isTooOld(release: string | undefined): boolean {
  if (release === undefined) return false
  const [major = 0, minor = 0] = release.split('.').map(Number)
  return major < oldestThin[0] || (major === oldestThin[0] && minor < oldestThin[1])
}

/** Why Thin cannot work; `undefined`: it can. */
function againstThin({ connect, hasCredentials, isInstalled, release }: DriverSituation): string | undefined {
  if (connect === '/') return 'operating system authentication ("/") exists only for local programs'
  if (!hasCredentials) return 'Thin cannot open the wallet of "/@alias", and no user and password are configured'
  if (isTooOld(release)) return `Thin needs release 12.1 or later, this is ${String(release)}`
  if (!isInstalled) return 'the package oracledb is not installed'
  return undefined
}

/** Decides which driver carries the SQL of one database, and says why. Pure. */
export function chooseDriver(situation: DriverSituation): DriverChoice {
  const { wish, isInstalled } = situation
  if (wish === 'sqlplus') return { driver: 'sqlplus', reason: 'the configuration asks for SQL*Plus' }
  if (wish === 'thick') {
    const reason = 'the configuration asks for Thick mode'
    return isInstalled ? { driver: 'thick', reason } : { driver: 'thick', reason, problem: 'the package oracledb is not installed' }
  }
  const problem = againstThin(situation)
  if (wish === 'thin') return { driver: 'thin', reason: 'the configuration asks for Thin mode', ...(problem === undefined ? {} : { problem }) }
  return problem === undefined ? { driver: 'thin', reason: 'user and password are configured, and oracledb is installed' } : { driver: 'sqlplus', reason: problem }
}
