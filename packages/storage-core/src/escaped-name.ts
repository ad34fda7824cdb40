/**
 * A name for storages that take letters, digits, `_`, `-` and `.` only: any other character becomes `.xHH` (its UTF-8 bytes).
 * {@link unescapeName} is the way back.
 */
export function escapeName(name: string): string {
  // A text that already looks escaped is escaped itself, so that the way back is unambiguous.
  return name.replace(/\.(?=x[0-9a-f]{2})|[^A-Za-z0-9_.-]/gu, escaped)
}

/** The way back. A name that {@link escapeName} would not have written is answered as it is. */
export function unescapeName(raw: string): string {
  if (!/\.x[0-9a-f]{2}/.test(raw)) return raw
  const name = raw.replace(/(?:\.x[0-9a-f]{2})+/g, (run) => Buffer.from(run.replaceAll('.x', ''), 'hex').toString('utf8'))
  return escapeName(name) === raw ? name : raw
}

function escaped(character: string): string {
  return Array.from(Buffer.from(character), (byte) => `.x${byte.toString(16).padStart(2, '0')}`).join('')
}
