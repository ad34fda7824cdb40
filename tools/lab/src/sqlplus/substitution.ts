/** DEFINE's variables and `&name` in lines. */
export class Substitution {
  readonly #values = new Map<string, string>()

  define(name: string, value: string): void {
    this.#values.set(name.toUpperCase(), value)
  }

  undefine(name: string): void {
    this.#values.delete(name.toUpperCase())
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toUpperCase())
  }

  /** Puts values in place of `&name` and `&name.`; asks for unknown ones, `&&name` remembers the answer. */
  async replace(line: string, character: string, ask: (name: string) => Promise<string>): Promise<string> {
    let out = ''
    let at = 0
    while (at < line.length) {
      if (line[at] !== character) {
        out += line[at++] ?? ''
        continue
      }
      const keep = line[at + 1] === character
      const start = at + (keep ? 2 : 1)
      const name = /^\w+/.exec(line.slice(start))?.[0]
      if (name === undefined) {
        out += line[at++] ?? ''
        continue
      }
      let value = this.get(name)
      if (value === undefined) {
        value = await ask(name)
        if (keep) this.define(name, value)
      }
      out += value
      at = start + name.length
      if (line[at] === '.') at++
    }
    return out
  }
}
