import { resolveSecret } from '@icb/config'
import type { IcbConfig, NotifyConfig } from '@icb/config'
import { noticeMail, postWebhook, sendHeartbeat, sendMail } from '@icb/monitoring'
import type { DeliveryOptions, Mail, Notice } from '@icb/monitoring'
import type { Secret } from '@icb/runtime'
import type { FleetContext } from './connect.ts'

type NotifyContext = Pick<FleetContext, 'env' | 'clock' | 'logger' | 'runProcess' | 'host'>

/** How long all deliveries of one notice may take together. */
const deadlineMs = 60_000

function options(context: NotifyContext, signal: AbortSignal): DeliveryOptions {
  return { clock: context.clock, logger: context.logger, signal }
}

/**
 * Tells whoever the configuration names how an action on one database ended: of a failure webhook and mail, of success the receiver of
 * heartbeats. Answers what could not be delivered; that never changes how the action itself ended. Works on after an abort of the action.
 */
export async function notify(config: IcbConfig, settings: NotifyConfig, notice: Notice, context: NotifyContext): Promise<readonly Error[]> {
  const delivery = options(context, AbortSignal.timeout(deadlineMs))
  const secret = (reference: unknown, label: string): Promise<Secret> => resolveSecret(reference, label, { env: context.env, baseDir: config.baseDir, runProcess: context.runProcess, clock: context.clock, signal: delivery.signal })
  const { webhook, mailServer, mailTo } = settings
  const heartbeat = notice.action === 'backup' ? settings.backupHeartbeat : notice.action === 'restore-test' ? settings.restoreTestHeartbeat : undefined
  const deliveries: (() => Promise<void>)[] = []
  if (notice.ok) {
    if (heartbeat !== undefined) deliveries.push(async () => sendHeartbeat(await secret(heartbeat, 'address of the heartbeat'), delivery))
  } else {
    if (webhook !== undefined) deliveries.push(async () => postWebhook(await secret(webhook, 'address of the webhook'), notice, delivery))
    if (mailServer !== undefined && mailTo.length > 0) deliveries.push(async () => sendMail(await secret(mailServer, 'mail server'), noticeMail(notice, { from: senderOf(settings, context), to: mailTo }), delivery))
  }
  const results = await Promise.allSettled(deliveries.map((deliver) => deliver()))
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason instanceof Error ? result.reason : new Error(String(result.reason))] : []))
}

function senderOf(settings: NotifyConfig, context: Pick<FleetContext, 'host'>): string {
  return settings.mailFrom ?? `icb@${context.host.hostname}`
}

/** Sends one mail to everybody whom the databases of a report name; several servers send one each. Answers who gets it. @throws ICB_MONITORING_DELIVERY, ICB_CONFIG_SECRET_… */
export async function mailToAll(config: IcbConfig, databases: readonly string[], mail: Omit<Mail, 'from' | 'to'>, context: NotifyContext, signal: AbortSignal): Promise<readonly string[]> {
  const groups = new Map<string, { readonly settings: NotifyConfig; readonly to: Set<string> }>()
  for (const { name, notify: settings } of config.databases) {
    if (!databases.includes(name) || settings.mailServer === undefined) continue
    const key = JSON.stringify([settings.mailServer, settings.mailFrom])
    const group = groups.get(key) ?? { settings, to: new Set<string>() }
    for (const address of settings.mailTo) group.to.add(address)
    groups.set(key, group)
  }
  const told: string[] = []
  for (const { settings, to } of groups.values()) {
    if (to.size === 0) continue
    const server = await resolveSecret(settings.mailServer, 'mail server', { env: context.env, baseDir: config.baseDir, runProcess: context.runProcess, clock: context.clock, signal })
    await sendMail(server, { ...mail, from: senderOf(settings, context), to: [...to] }, options(context, signal))
    told.push(...to)
  }
  return told
}
