/** Tells the story of the demo; silent when a document is wanted. */
export interface Narrator {
  chapter(title: string): void
  command(text: string): void
  /** One finished step of a command. */
  step(title: string, seconds: number, summary: string | undefined): void
  line(text?: string): void
}

export function narrator(write: (text: string) => void): Narrator {
  let number = 0
  return {
    chapter: (title) => {
      number += 1
      write(`\n━━ ${String(number)}. ${title}\n`)
    },
    command: (text) => { write(`$ ${text}\n`) },
    step: (title, seconds, summary) => { write(`    · ${title.padEnd(54)} ${seconds.toFixed(1).padStart(5)} s${summary === undefined ? '' : `  ${summary}`}\n`) },
    line: (text = '') => { write(`${text}\n`) },
  }
}

export const silentNarrator: Narrator = { chapter: () => undefined, command: () => undefined, step: () => undefined, line: () => undefined }
