import { rmanFormat, rmanInteger, rmanSize } from './quoting.ts'

export interface ChannelOptions {
  /** How many disk channels work side by side; more than one needs Enterprise Edition. */
  readonly parallel: number
  /** Directory of the files to be written; without it the channel only reads. */
  readonly directory?: string
  /** Default `%U`: a unique name, `data_D-…` for a datafile copy. */
  readonly pattern?: string
}

/**
 * ALLOCATE CHANNEL commands for a RUN block. Every RUN brings its own, so neither the database's persistent configuration nor the
 * one that a restored control file carries decides where files go.
 */
export function allocateChannels(options: ChannelOptions): string[] {
  const count = Number(rmanInteger(options.parallel, 'the number of channels'))
  const format = options.directory === undefined ? '' : ` FORMAT ${rmanFormat(options.directory, options.pattern ?? '%U', 'the directory of the backup')}`
  return Array.from({ length: count }, (_, index) => `ALLOCATE CHANNEL c${String(index + 1)} DEVICE TYPE DISK${format};`)
}

/** ` SECTION SIZE 32G`, or nothing. */
export function sectionSize(value: string | undefined): string {
  return value === undefined ? '' : ` SECTION SIZE ${rmanSize(value, 'the section size')}`
}
