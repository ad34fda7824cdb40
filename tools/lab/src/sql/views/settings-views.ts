import { stateOf } from '../session-state.ts'
import type { ViewContext } from '../catalog.ts'
import { defineView, type ViewRow } from './view.ts'

const languages = { NLS_LANGUAGE: 'AMERICAN', NLS_TERRITORY: 'AMERICA', NLS_CURRENCY: '$', NLS_ISO_CURRENCY: 'AMERICA', NLS_NUMERIC_CHARACTERS: '.,', NLS_CALENDAR: 'GREGORIAN', NLS_DATE_LANGUAGE: 'AMERICAN', NLS_SORT: 'BINARY', NLS_COMP: 'BINARY', NLS_LENGTH_SEMANTICS: 'BYTE', NLS_NCHAR_CONV_EXCP: 'FALSE', NLS_DUAL_CURRENCY: '$' }
const sets = { NLS_CHARACTERSET: 'AL32UTF8', NLS_NCHAR_CHARACTERSET: 'AL16UTF16' }
const usualFormats = { NLS_DATE_FORMAT: 'DD-MON-RR', NLS_TIME_FORMAT: 'HH.MI.SSXFF AM', NLS_TIMESTAMP_FORMAT: 'DD-MON-RR HH.MI.SSXFF AM', NLS_TIME_TZ_FORMAT: 'HH.MI.SSXFF AM TZR', NLS_TIMESTAMP_TZ_FORMAT: 'DD-MON-RR HH.MI.SSXFF AM TZR' }

const named = (values: Readonly<Record<string, string>>): ViewRow[] => Object.entries(values).map(([PARAMETER, VALUE]) => ({ PARAMETER, VALUE }))

/** Formats as ALTER SESSION left them. */
function sessionSettings({ session }: ViewContext): Readonly<Record<string, string>> {
  const { nlsDateFormat, nlsTimestampFormat, nlsTimestampTzFormat } = stateOf(session)
  return { ...languages, ...usualFormats, NLS_DATE_FORMAT: nlsDateFormat, NLS_TIMESTAMP_FORMAT: nlsTimestampFormat, NLS_TIMESTAMP_TZ_FORMAT: nlsTimestampTzFormat }
}

defineView('NLS_DATABASE_PARAMETERS', 'open', 'PARAMETER:v128 VALUE:v64', ({ instance }) => named({ ...languages, ...usualFormats, ...sets, NLS_RDBMS_VERSION: instance.release }))
defineView('NLS_SESSION_PARAMETERS', 'started', 'PARAMETER:v128 VALUE:v64', (context) => named(sessionSettings(context)))
defineView('V$NLS_PARAMETERS', 'started', 'PARAMETER:v64 VALUE:v64', (context) => named({ ...sessionSettings(context), ...sets }))

defineView('DATABASE_PROPERTIES', 'open', 'PROPERTY_NAME:v128 PROPERTY_VALUE:v4000 DESCRIPTION:v4000', ({ instance }) =>
  [
    ['DEFAULT_TEMP_TABLESPACE', 'TEMP', 'Name of default temporary tablespace'],
    ['DEFAULT_PERMANENT_TABLESPACE', 'USERS', 'Name of default permanent tablespace'],
    ['DEFAULT_TBS_TYPE', 'SMALLFILE', 'Default tablespace type'],
    ['DBTIMEZONE', '+00:00', 'DB time zone'],
    ['GLOBAL_DB_NAME', instance.controlFile.name, 'Global database name'],
    ['NLS_CHARACTERSET', sets.NLS_CHARACTERSET, 'Character set'],
    ['NLS_NCHAR_CHARACTERSET', sets.NLS_NCHAR_CHARACTERSET, 'NCHAR Character set'],
    ['NLS_RDBMS_VERSION', instance.release, 'RDBMS version for NLS parameters'],
  ].map(([PROPERTY_NAME = '', PROPERTY_VALUE = '', DESCRIPTION = '']) => ({ PROPERTY_NAME, PROPERTY_VALUE, DESCRIPTION })),
)

defineView('DBA_REGISTRY', 'open', 'COMP_ID:v30 COMP_NAME:v255 VERSION:v30 STATUS:v11 MODIFIED:v29', ({ instance }) => [
  { COMP_ID: 'CATALOG', COMP_NAME: 'Oracle Database Catalog Views', VERSION: instance.release, STATUS: 'VALID' },
  { COMP_ID: 'CATPROC', COMP_NAME: 'Oracle Database Packages and Types', VERSION: instance.release, STATUS: 'VALID' },
])
defineView('PRODUCT_COMPONENT_VERSION', 'started', 'PRODUCT:v80 VERSION:v80 STATUS:v80', ({ instance }) => [{ PRODUCT: `Oracle Database ${instance.edition === 'EE' ? 'Enterprise Edition' : 'Standard Edition'} (lab simulator)`, VERSION: instance.release, STATUS: 'Production' }])

defineView('V$RESOURCE_LIMIT', 'started', 'RESOURCE_NAME:v30 CURRENT_UTILIZATION:n MAX_UTILIZATION:n INITIAL_ALLOCATION:v40 LIMIT_VALUE:v40', ({ instance }) =>
  (['processes', 'sessions'] as const).map((name) => {
    const count = instance.sessions.size + (name === 'processes' ? 1 : 0)
    const limit = instance.parameters.get(name)?.value ?? 'UNLIMITED'
    return { RESOURCE_NAME: name, CURRENT_UTILIZATION: count, MAX_UTILIZATION: count, INITIAL_ALLOCATION: limit, LIMIT_VALUE: limit }
  }),
)

/** Datafiles are never in backup mode here: ALTER … BEGIN BACKUP is refused. */
defineView('V$BACKUP', 'mounted', 'FILE#:n STATUS:v18 CHANGE#:n TIME:d', ({ instance }) => instance.controlFile.datafiles.map((file) => ({ 'FILE#': file.file, STATUS: 'NOT ACTIVE', 'CHANGE#': 0, TIME: null })))

/** Sessions whose changes wait for COMMIT. */
defineView('V$TRANSACTION', 'open', 'ADDR:v16 XIDUSN:n XIDSLOT:n XIDSQN:n STATUS:v16 START_DATE:d SES_ADDR:v16 USED_UBLK:n USED_UREC:n', ({ instance }) =>
  [...instance.sessions.values()].flatMap((session) => {
    const { pending } = stateOf(session)
    return pending.length === 0 ? [] : [{ XIDUSN: 1, XIDSLOT: session.sid % 65536, XIDSQN: stateOf(session).transaction, STATUS: 'ACTIVE', SES_ADDR: addressOf(session.sid), USED_UBLK: 1, USED_UREC: pending.length }]
  }),
)

/** Made up, and the same wherever views are joined by it. */
export function addressOf(sid: number): string {
  return (0x7f000000 + sid * 0x1000).toString(16).toUpperCase().padStart(16, '0')
}
