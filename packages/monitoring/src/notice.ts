import { redact } from '@icb/runtime'

/** How an action on one database ended, for whoever has to know. */
export interface Notice {
  readonly database: string
  /** `backup`, `restore-test`. */
  readonly action: string
  readonly ok: boolean
  /** One sentence. */
  readonly summary: string
  /** Further lines: reasons, messages of Oracle. */
  readonly details: readonly string[]
  readonly runId?: string
  readonly host: string
  /** ISO UTC. */
  readonly at: string
}

/** What a webhook gets. `text` is what Slack, Mattermost and others show; the rest is for programs. Without secrets. */
export function noticeDocument(notice: Notice): Readonly<Record<string, unknown>> {
  return JSON.parse(redact(JSON.stringify({ schema: 'icb/notice/1', text: noticeText(notice), ...notice }))) as Readonly<Record<string, unknown>>
}

/** First line: what, of which database, where. Without secrets. */
export function noticeText({ database, action, ok, summary, details, runId, host, at }: Notice): string {
  const lines = [`${action} of ${database} on ${host} ${ok ? 'ended well' : 'FAILED'}: ${summary}`, ...details, `${at}${runId === undefined ? '' : `, run ${runId}`}`]
  return redact(lines.join('\n'))
}
