/** Something that a run which has ended did not take away, or that looks like it. */
export interface Leftover {
  readonly kind: 'instance' | 'mount' | 'clone' | 'scratch' | 'snapshot' | 'lease' | 'journal' | 'file'
  /** As the host, the storage or the file system knows it. */
  readonly name: string
  /** The run that made it, where one can be told. */
  readonly runId?: string
  /** `repair`: provably made by a run of this tool that is over. Everything else is only shown. */
  readonly decision: 'repair' | 'keep'
  /** One sentence: the proof, or what is missing from it. */
  readonly reason: string
}
