import { Secret } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { createTransport } from 'nodemailer'
import { monitoringErrors } from './errors.ts'
import { noticeDocument, noticeText } from './notice.ts'
import type { Notice } from './notice.ts'

/** Where notices go. Addresses are secrets: they may carry tokens and passwords. */
export interface DeliveryOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Of one attempt, connecting included. Default 10000. */
  readonly timeoutMs?: number
  /** Attempts at all. Default 3. */
  readonly attempts?: number
}

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly html?: string
}

const firstPauseMs = 1_000

/** What does not get better by trying again. */
class Refused extends Error {}

function failure(what: string, error: unknown): Error {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return monitoringErrors.errors.DELIVERY(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { hint: 'Look at the address and at the receiver; the run itself is not affected.', cause: error })
}

async function persistently(what: string, options: DeliveryOptions, send: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { clock, logger, signal, attempts = 3, timeoutMs = 10_000 } = options
  for (let attempt = 1; ; attempt += 1) {
    try {
      await send(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
      return
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Refused || attempt >= attempts) throw failure(what, error)
      logger.debug({ attempt, error: (error as Error).message }, `${what}; trying again`)
      await clock.sleep(firstPauseMs * 2 ** (attempt - 1), signal)
    }
  }
}

/**
 * The address, and each part of it that may be a token or a password as a secret of its own: receivers repeat parts of what they were
 * asked for in their refusals.
 */
function addressOf(address: Secret): URL {
  let url: URL
  try {
    url = new URL(address.reveal())
  } catch {
    throw new Refused('its address is no URL')
  }
  const parts = [`${url.pathname}${url.search}`, ...url.pathname.split('/'), ...url.searchParams.values()].filter((part) => part.length >= 16)
  for (const part of url.password === '' ? parts : [...parts, url.password]) for (const form of [part, decoded(part)]) new Secret(form, address.label)
  return url
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

async function request(address: Secret, init: RequestInit): Promise<void> {
  const url = addressOf(address)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Refused('its address must begin with https:// or http://')
  const answer = await fetch(url, { ...init, redirect: 'error' })
  await answer.body?.cancel()
  if (answer.ok) return
  const text = `it answered ${String(answer.status)} ${answer.statusText}`.trim()
  throw answer.status >= 500 || answer.status === 429 ? new Error(text) : new Refused(text)
}

/** Posts a notice as JSON. @throws ICB_MONITORING_DELIVERY */
export async function postWebhook(address: Secret, notice: Notice, options: DeliveryOptions): Promise<void> {
  await persistently('the webhook did not take the notice', options, (signal) => request(address, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(noticeDocument(notice)), signal }))
}

/** Asks for an address, so that whoever waits for it knows that all is well (a dead man's switch). @throws ICB_MONITORING_DELIVERY */
export async function sendHeartbeat(address: Secret, options: DeliveryOptions): Promise<void> {
  await persistently('the receiver of heartbeats did not answer', options, (signal) => request(address, { method: 'GET', signal }))
}

/** Sends a mail over SMTP; `server` is `smtps://user:password@host:465` or `smtp://host:25` (STARTTLS where it is offered, always before a password). @throws ICB_MONITORING_DELIVERY */
export async function sendMail(server: Secret, mail: Mail, options: DeliveryOptions): Promise<void> {
  const { timeoutMs = 10_000 } = options
  await persistently('the mail server did not take the mail', options, async () => {
    const url = addressOf(server)
    if (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') throw new Refused('its address must begin with smtps:// or smtp://')
    const secure = url.protocol === 'smtps:'
    const auth = url.username === '' ? {} : { auth: { user: decoded(url.username), pass: decoded(url.password) } }
    const transport = createTransport({
      host: url.hostname, port: url.port === '' ? (secure ? 465 : 25) : Number(url.port), secure, ...auth,
      // A password never goes over a line that anybody can read.
      requireTLS: !secure && url.username !== '', connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs,
    })
    try {
      await transport.sendMail({ from: mail.from, to: [...mail.to], subject: mail.subject, text: mail.text, ...(mail.html === undefined ? {} : { html: mail.html }) })
    } catch (error) {
      const status = (error as { readonly responseCode?: unknown }).responseCode
      if (typeof status === 'number' && status >= 500) throw new Refused((error as Error).message)
      throw error
    } finally {
      transport.close()
    }
  })
}

/** A notice as a mail. */
export function noticeMail(notice: Notice, addresses: { readonly from: string; readonly to: readonly string[] }): Mail {
  return { ...addresses, subject: `icb: ${notice.action} of ${notice.database} ${notice.ok ? 'ended well' : 'FAILED'}`, text: `${noticeText(notice)}\n` }
}
