/** The database's system change number. */
export class ScnClock {
  #current = 0n

  get current(): bigint {
    return this.#current
  }

  /** A number nobody has had. */
  next(): bigint {
    this.#current += 1n
    return this.#current
  }

  /** Never goes back. */
  atLeast(scn: bigint): void {
    if (scn > this.#current) this.#current = scn
  }
}
