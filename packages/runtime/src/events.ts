/** What every event of every package carries. */
export interface IcbEvent {
  readonly type: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly runId: string
  readonly database?: string
}

/** Where events go: progress display, metrics, an event file. It must not throw. */
export interface EventSink<E extends IcbEvent = IcbEvent> {
  emit(event: E): void
}

export const silentEvents: EventSink = { emit: () => undefined }
