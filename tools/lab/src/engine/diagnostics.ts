import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Host } from '../host/host.ts'
import { dateText, localTime } from '../host/local-time.ts'
import type { Parameters } from './parameters.ts'

const SUBDIRECTORIES = ['alert', 'cdump', 'hm', 'incident', 'incpkg', 'lck', 'metadata', 'stage', 'sweep', 'trace']

/** The instance's traces on disk: ADR home with the alert log, audit files. */
export class Diagnostics {
  readonly #host: Host
  readonly #sid: string
  readonly #parameters: Parameters
  #alertFile: string | undefined

  constructor(host: Host, sid: string, parameters: Parameters) {
    this.#host = host
    this.#sid = sid
    this.#parameters = parameters
  }

  /** Makes the ADR home. A diagnostic_dest that cannot be written leaves the instance without an alert log, as in Oracle. */
  create(): void {
    const home = this.#host.real(this.#parameters.adrHome(this.#sid))
    try {
      for (const directory of SUBDIRECTORIES) mkdirSync(path.join(home, directory), { recursive: true })
      this.#alertFile = path.join(home, 'trace', `alert_${this.#sid}.log`)
    } catch {
      this.#alertFile = undefined
    }
  }

  /** Trace file that messages refer to, as the database knows it. */
  traceFile(process: string): string {
    return path.join(this.#parameters.adrHome(this.#sid), 'trace', `${this.#sid}_${process}.trc`)
  }

  alert(text: string): void {
    if (this.#alertFile === undefined) return
    try {
      appendFileSync(this.#alertFile, `${dateText(this.#host.now(), this.#host.timeZone)}\n${text}\n`)
    } catch {
      this.#alertFile = undefined
    }
  }

  /** Administrative connections are audited to files whatever AUDIT_TRAIL says. */
  audit(username: string, program: string): void {
    const directory = this.#host.real(this.#parameters.get('audit_file_dest'))
    const time = this.#host.now()
    const t = localTime(time, this.#host.timeZone)
    const two = (n: number): string => String(n).padStart(2, '0')
    const stamp = `${t.year}${two(t.month)}${two(t.day)}${two(t.hour)}${two(t.minute)}${two(t.second)}${String(process.hrtime.bigint() % 1000000000n).padStart(9, '0')}`
    try {
      mkdirSync(directory, { recursive: true })
      writeFileSync(path.join(directory, `${this.#sid}_ora_${process.pid}_${stamp}.aud`), `Audit file of the @icb/lab simulator\n${dateText(time, this.#host.timeZone)}\nACTION : 'CONNECT' DATABASE USER: '${username}' PRIVILEGE : SYSDBA PROGRAM: ${program}\n`)
    } catch {
      // Oracle refuses the connection then; the lab only goes on without the file.
    }
  }
}
