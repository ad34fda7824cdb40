/** One word for a POSIX shell: ssh joins its arguments with spaces and the remote shell splits them again. */
export function quoteForShell(word: string): string {
  return /^[A-Za-z0-9_./:=@,+-]+$/.test(word) && !word.startsWith('=') ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A command line that a POSIX shell splits into exactly these words. @throws RangeError for a word with a NUL byte, which no argument can hold */
export function commandLine(words: readonly string[]): string {
  for (const word of words) if (word.includes('\0')) throw new RangeError('an argument cannot contain a NUL byte')
  return words.map(quoteForShell).join(' ')
}
