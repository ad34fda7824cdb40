/** Tells the story of the demo; silent when a document is wanted. */
export interface Narrator {
  chapter(title: string): void
  command(text: string): void
  output(text: string): void
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
    output: (text) => { write(text) },
    line: (text = '') => { write(`${text}\n`) },
  }
}

export const silentNarrator: Narrator = { chapter: () => undefined, command: () => undefined, output: () => undefined, line: () => undefined }
