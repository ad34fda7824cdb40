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

  get all(): ReadonlyMap<string, string> {
    return this.#values
  }

  /** Puts values in place of `&name` and `&name.`; asks for unknown ones, `&&name` remembers the answer. */
  async replace(line: string, { character, escape, concat }: { readonly character: string; readonly escape: string | undefined; readonly concat: string | undefined }, ask: (name: string) => Promise<string>): Promise<string> {
    let out = ''
    let at = 0
    while (at < line.length) {
      if (escape !== undefined && line[at] === escape && line[at + 1] === character) {
        out += character
        at += 2
        continue
      }
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
      if (concat !== undefined && line[at] === concat) at++
    }
    return out
  }
}
