import { schemaName } from './schema/names.ts'
import type { Instance, ServerSession } from '../engine/instance-api.ts'

const parameter = (instance: Instance, name: string): string | undefined => instance.parameters.get(name)?.value

/** INSTANCE_NUMBER: 0 of the parameter means 1. */
export const instanceNumber = (instance: Instance): number => Number(parameter(instance, 'instance_number') ?? 0) || 1

/** THREAD#: 0 of the parameter means that of the instance. */
export const threadNumber = (instance: Instance): number => Number(parameter(instance, 'thread') ?? 0) || instanceNumber(instance)

/** DB_UNIQUE_NAME of the instance: the parameter, else DB_NAME. */
export function uniqueName(instance: Instance): string {
  return parameter(instance, 'db_unique_name') ?? parameter(instance, 'db_name') ?? instance.sid
}

/** SYS_CONTEXT('USERENV', name): `null` for a known name without value, `undefined` for an unknown one. */
export function environmentValue(name: string, instance: Instance, session: ServerSession): string | null | undefined {
  switch (name) {
    case 'DB_NAME':
      return parameter(instance, 'db_name') ?? null
    case 'DB_UNIQUE_NAME':
      return uniqueName(instance)
    case 'DB_DOMAIN':
      return parameter(instance, 'db_domain') ?? null
    case 'INSTANCE':
      return String(instanceNumber(instance))
    case 'INSTANCE_NAME':
      return instance.sid
    case 'SERVER_HOST':
    case 'HOST':
      return instance.host.name
    case 'SERVICE_NAME':
      return 'SYS$USERS'
    case 'CON_NAME':
      return instance.status === 'STARTED' ? null : (instance.containers.find((c) => c.conId === instance.container)?.name ?? instance.controlFile.name)
    case 'CON_ID':
      return String(instance.container)
    case 'CDB_NAME':
      return instance.status === 'STARTED' || instance.container === 0 ? null : instance.controlFile.name
    case 'SID':
      return String(session.sid)
    case 'SESSIONID':
      return '4294967295'
    case 'CURRENT_SCHEMA':
      return schemaName(session)
    case 'SESSION_USER':
    case 'CURRENT_USER':
      return session.username.toUpperCase()
    case 'SESSION_USERID':
    case 'CURRENT_SCHEMAID':
    case 'CURRENT_USERID':
      return '0'
    case 'OS_USER':
      return 'oracle'
    case 'ISDBA':
      return session.username.toUpperCase() === 'SYS' ? 'TRUE' : 'FALSE'
    case 'LANGUAGE':
      return 'AMERICAN_AMERICA.AL32UTF8'
    case 'LANG':
      return 'US'
    case 'NLS_DATE_LANGUAGE':
      return 'AMERICAN'
    case 'MODULE':
      return session.module
    case 'CLIENT_INFO':
      return session.clientInfo
    case 'ACTION':
      return session.action ?? null
    case 'CLIENT_IDENTIFIER':
      return session.clientIdentifier ?? null
    case 'IP_ADDRESS':
    case 'TERMINAL':
      return null
    case 'DATABASE_ROLE':
      return instance.status !== 'STARTED' && instance.controlFile.type === 'STANDBY' ? 'PHYSICAL STANDBY' : 'PRIMARY'
    case 'AUTHENTICATION_METHOD':
      return 'OS'
    default:
      return undefined
  }
}
