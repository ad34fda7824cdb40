#!/usr/bin/env node
// The start of a program that is one file: the program itself stands in the comment below, so that nothing of it is read by the
// JavaScript engine before it is known to be needed. Its compiled form is kept between two starts, in a directory of this user alone.
// Not by `import`, which reads every export of a module, also those that load much more when they are first read.
const { lstatSync, mkdirSync, readFileSync } = process.getBuiltinModule('node:fs')
const Module = process.getBuiltinModule('node:module')
const { dirname, join } = process.getBuiltinModule('node:path')

function compiledCode() {
  const { HOME, XDG_CACHE_HOME } = process.env
  const base = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'))
  if (!base) return
  try {
    // Not recursive: a home that does not exist is not made.
    for (const directory of [base, join(base, '__NAME__')]) if (!lstatSync(directory, { throwIfNoEntry: false })) mkdirSync(directory, { mode: 0o700 })
    const own = lstatSync(join(base, '__NAME__'))
    // What lies there is run, so nobody else may write it.
    if (own.isDirectory() && own.uid === process.getuid() && (own.mode & 0o022) === 0) Module.enableCompileCache(join(base, '__NAME__'))
  } catch {
    // Only slower.
  }
}

if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.write('__VERSION__\n')
} else {
  compiledCode()
  const file = import.meta.filename
  const text = readFileSync(file, 'utf8')
  const program = new Module(file)
  program.filename = file
  program.paths = Module._nodeModulePaths(dirname(file))
  program._compile(text.slice(text.indexOf('\n/*program\n') + 11, text.lastIndexOf('*/')).replaceAll('*\u200b/', '*/'), file)
}
