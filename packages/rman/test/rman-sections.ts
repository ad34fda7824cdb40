/** Cuts the RMAN sessions out of a log that other programs wrote to as well: from the banner to the last line of RMAN. */
export function extractRmanSections(text: string): string[][] {
  const sections: string[][] = []
  let open: string[] | undefined
  for (const line of text.split('\n')) {
    if (line.startsWith('Recovery Manager: Release')) open = []
    open?.push(line)
    if (line.startsWith('Recovery Manager complete.') && open !== undefined) {
      sections.push(open)
      open = undefined
    }
  }
  return sections
}
