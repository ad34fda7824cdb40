/** One damaged document. */
export interface HostileInput {
  readonly text: string
  /** The whole document that it was made from. */
  readonly original: string
  /** Set when it is the original's first so many characters and nothing else was done to it. */
  readonly truncatedAt?: number
}

/** What became of one input. `wrong`: it was taken for something that it is not, and how. */
export type FuzzOutcome = 'accepted' | 'rejected' | { readonly wrong: string }

/** One parser of the product, whole documents to damage, and what must hold of whatever it answers. */
export interface FuzzSubject {
  readonly name: string
  readonly originals: readonly string[]
  /** Pieces that mean something to this parser, spliced in among the noise. */
  readonly words?: readonly string[]
  /** An IcbError is a rejection, any other error a crash. */
  examine(input: HostileInput): FuzzOutcome | Promise<FuzzOutcome>
}
