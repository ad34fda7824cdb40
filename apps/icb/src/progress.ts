import type { EventSink, IcbEvent, StepEvent } from '@icb/runtime'
import { redact } from '@icb/runtime'
import { formatDuration } from './duration.ts'

export interface ProgressStream {
  readonly isTTY: boolean
  readonly columns: number
  write(text: string): void
}

/**
 * Shows the steps of a run: for a person a line that is rewritten while the step runs, for a pipe one plain line a
 * finished step.
 */
export function progressDisplay(stream: ProgressStream): EventSink {
  let current = ''
  const rewrite = (text: string): void => {
    if (stream.isTTY) stream.write(`\r\u001b[K${text.slice(0, Math.max(20, stream.columns - 1))}`)
  }
  const line = (text: string): void => {
    stream.write(`${stream.isTTY ? '\r\u001b[K' : ''}${redact(text)}\n`)
  }
  const show = (event: StepEvent): void => {
    const prefix = event.database === undefined ? '' : `${event.database}: `
    switch (event.type) {
      case 'step.started':
        current = `${prefix}${event.title}`
        rewrite(`  … ${current}`)
        break
      case 'step.progress': {
        const percent = event.progress.fraction === undefined ? '' : ` ${bar(event.progress.fraction)} ${String(Math.round(event.progress.fraction * 100))} %`
        rewrite(`  … ${current}${percent}${event.progress.text === undefined ? '' : ` ${event.progress.text}`}`)
        break
      }
      case 'step.finished':
        line(`  ✓ ${current.padEnd(52)} ${formatDuration(event.durationMs).padStart(8)}${event.summary === undefined ? '' : `  ${event.summary}`}`)
        break
      case 'step.failed':
        line(`  ✗ ${current.padEnd(52)} ${formatDuration(event.durationMs).padStart(8)}  ${event.code}: ${event.message}`)
        break
      case 'step.compensated':
        if (!event.ok) line(`  ! clean-up of ${event.step}: ${event.message ?? 'failed'}`)
        break
      case 'run.warning':
        line(`  ! ${event.code}: ${event.message}`)
        break
      case 'run.started':
      case 'run.finished':
        break
    }
  }
  return { emit: (event: IcbEvent) => { show(event as StepEvent) } }
}

function bar(fraction: number): string {
  const width = 20
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width)
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]`
}
