import { readFileSync } from 'node:fs'
import { loadConfig } from '@icb/config'
import type { FuzzSubject } from '../subject.ts'

function original(name: string): string {
  return readFileSync(new URL(`../../../../packages/config/test/fixtures/${name}`, import.meta.url), 'utf8')
}

/** A configuration that is taken names its databases by whole DBIDs, keeps at least one point, and never has a secret written out. */
function configSubject(name: string, file: string, words: readonly string[]): FuzzSubject {
  return {
    name,
    originals: [original(file)],
    words,
    async examine({ text }) {
      const config = await loadConfig(`/etc/icb/${file}`, { env: {}, readFile: () => Promise.resolve(text) })
      const odd = config.databases.find((database) => !/^\d{1,10}$/.test(database.dbid) || database.retention.minRedundancy < 1 || !database.areaPath.startsWith('/') || database.parallel < 1)
      return odd === undefined ? 'accepted' : { wrong: `database ${odd.name}: DBID ${odd.dbid}, area ${odd.areaPath}, redundancy ${String(odd.retention.minRedundancy)}` }
    },
  }
}

export const configSubjects: readonly FuzzSubject[] = [
  configSubject('configuration, INI', 'site.cfg', ['[generic]\n', '[orcl]\n', 'dbid: 1\n', '%(x)s', '%', '\n  ', 'DEFAULT']),
  configSubject('configuration, YAML', 'site.yaml', ['databases:\n', '- ', '&a ', '*a', '<<: ', '!!js ', '---\n', '|', '>', '  dbid: 1\n', 'defaults:\n']),
]
