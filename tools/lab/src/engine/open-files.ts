import type { Host } from '../host/host.ts'
import { Datafile } from '../storage/datafile.ts'
import { asmCause } from './os-error.ts'
import { ora } from './ora-error.ts'

/** The datafiles an open or recovering instance has open, by file number. */
export class OpenFiles {
  readonly #host: Host
  readonly #files = new Map<number, Datafile>()

  constructor(host: Host) {
    this.#host = host
  }

  /** @throws OraError 00376 when the file is not open */
  get(file: number): Datafile {
    const datafile = this.#files.get(file)
    if (datafile === undefined) throw ora(376, `file ${file} cannot be read at this time`)
    return datafile
  }

  has(file: number): boolean {
    return this.#files.has(file)
  }

  get all(): readonly Datafile[] {
    return [...this.#files.values()]
  }

  /** @throws OraError 01157 with 01110 when it cannot be opened, 01122 with 01251 when it is no datafile */
  async open(file: number, name: string, mode: 'r' | 'r+'): Promise<Datafile> {
    await this.close(file)
    const datafile = await this.#opened(file, name, mode)
    this.#files.set(file, datafile)
    return datafile
  }

  async #opened(file: number, name: string, mode: 'r' | 'r+'): Promise<Datafile> {
    let datafile: Datafile | undefined
    try {
      datafile = await Datafile.open(this.#host.real(name), mode)
    } catch (error) {
      throw ora(1157, `cannot identify/lock data file ${file} - see DBWR trace file`, [1110, `data file ${file}: '${name}'`], ...asmCause(name, error))
    }
    if (datafile === undefined) throw ora(1122, `database file ${file} failed verification check`, [1110, `data file ${file}: '${name}'`], [1210, 'data file header is media corrupt'])
    return datafile
  }

  /** The file goes on under another name; who reads the old one finishes there. @throws OraError as {@link open} */
  async replace(file: number, name: string): Promise<void> {
    const before = this.#files.get(file)
    const datafile = await this.#opened(file, name, 'r+')
    this.#files.set(file, datafile)
    await before?.close()
  }

  add(file: number, datafile: Datafile): void {
    this.#files.set(file, datafile)
  }

  async close(file: number): Promise<void> {
    const datafile = this.#files.get(file)
    this.#files.delete(file)
    await datafile?.close()
  }

  async closeAll(): Promise<void> {
    for (const file of [...this.#files.keys()]) await this.close(file)
  }
}
