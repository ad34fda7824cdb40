// Declared dependencies are the imported ones, in every package and program; a published package names each in its README.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import ts from 'typescript'
import { root, say } from './workspace.mjs'

const read = (...path) => readFileSync(join(root, ...path), 'utf8')
const places = globSync(['packages/*', 'apps/*', 'tools/*'], { cwd: root }).filter((place) => existsSync(join(root, place, 'package.json'))).sort()
const manifests = new Map(places.map((place) => [place, JSON.parse(read(place, 'package.json'))]))
const peersOf = new Map([...manifests.values()].map((manifest) => [manifest.name, Object.keys(manifest.peerDependencies ?? {})]))
/** Optional peers concern only who uses that part of a package. */
const optionalPeersOf = new Map([...manifests.values()].map((manifest) => [manifest.name, Object.keys(manifest.peerDependenciesMeta ?? {})]))

/** Names of the packages that the sources of `place` import, types included; tests use what the workspace has. */
function importedPackages(place) {
  const names = new Set()
  for (const file of globSync('src/**/*.ts', { cwd: join(root, place) })) {
    if (file.endsWith('.test.ts')) continue
    for (const { fileName } of ts.preProcessFile(read(place, file), true, true).importedFiles) {
      if (fileName.startsWith('.') || isBuiltin(fileName)) continue
      names.add(fileName.split('/').slice(0, fileName.startsWith('@') ? 2 : 1).join('/'))
    }
  }
  return names
}

/** What is wrong with one package, a sentence each. */
function problemsOf(place) {
  const manifest = manifests.get(place)
  // A program is bundled into one file, so what it imports is needed only to build it.
  const bundled = Object.keys(manifest.bin ?? {}).length > 0
  const dependencies = Object.keys({ ...manifest.dependencies, ...(bundled ? manifest.devDependencies : {}) })
  const declared = new Set([...dependencies, ...Object.keys(manifest.peerDependencies ?? {})])
  const imported = importedPackages(place)
  // A peer of a dependency is passed on, whether the sources import it or not.
  const available = [...dependencies, ...Object.keys(manifest.peerDependencies ?? {})]
  const passedOn = new Set(available.flatMap((name) => peersOf.get(name) ?? []))
  const optional = new Set(available.flatMap((name) => optionalPeersOf.get(name) ?? []))
  const published = manifest.private !== true
  const readme = existsSync(join(root, place, 'README.md')) ? read(place, 'README.md') : ''
  return [
    ...[...imported].filter((name) => !declared.has(name) && name !== manifest.name).map((name) => `imports ${name} but does not declare it`),
    ...[...declared].filter((name) => !imported.has(name) && !passedOn.has(name)).map((name) => `declares ${name} but imports it nowhere`),
    ...[...passedOn].filter((name) => !declared.has(name) && !optional.has(name)).map((name) => `must declare ${name}, which is a peer of one of its dependencies`),
    ...(published && bundled && manifest.dependencies !== undefined ? ['is bundled into one file: its dependencies are devDependencies'] : []),
    ...(published ? [...declared].filter((name) => !readme.includes(`\`${name}\``)).map((name) => `does not name \`${name}\` in its README.md`) : []),
  ]
}

let count = 0
for (const place of places) {
  for (const problem of problemsOf(place)) {
    say(`${place} ${problem}`)
    count += 1
  }
}
if (count > 0) process.exitCode = 1
else say(`${places.length} packages declare what they import`)
