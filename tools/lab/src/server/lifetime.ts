import { existsSync } from 'node:fs'
import path from 'node:path'

/** How often a process looks whether its lab is still there. */
const POLL_MS = 1000

/** Ends the process when its lab is removed. */
export function endWithLab(labDir: string): void {
  setInterval(() => {
    if (!existsSync(path.join(labDir, 'lab.json'))) process.exit(0)
  }, POLL_MS)
}
