/** The layers of docs/architecture.md; an arrow may only point down. */
const layers = [
  ['runtime'],
  ['config', 'storage-core'],
  ['rman', 'oracle', 'retention', 'storage-local', 'storage-zfssa', 'storage-openzfs', 'storage-ontap', 'storage-dorado', 'storage-softnas', 'calendar'],
  ['recovery-point', 'ledger'],
  ['backup', 'autorestore', 'monitoring', 'migrate'],
  ['fleet'],
]
const upOrSideways = layers.flatMap((rooms, level) =>
  rooms.map((room) => {
    const lower = layers.slice(0, level).flat()
    return {
      name: `layer-${level}-${room}`,
      severity: 'error',
      comment: 'Imports point down only.',
      from: { path: `^packages/${room}/`, pathNot: '\\.test\\.ts$|/test/' },
      to: { path: '^packages/', pathNot: [`^packages/${room}/`, ...lower.map((name) => `^packages/${name}/`)] },
    }
  }),
)

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', comment: 'Types may refer to one another; code may not.', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'not-resolved', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^node:' } },
    { name: 'packages-never-import-apps-or-tools', severity: 'error', from: { path: '^packages/[^/]+/src/', pathNot: '\\.test\\.ts$' }, to: { path: '^(apps|tools)/' } },
    { name: 'apps-never-import-tools', severity: 'error', from: { path: '^apps/[^/]+/src/', pathNot: '\\.test\\.ts$' }, to: { path: '^tools/' } },
    { name: 'lab-imports-no-package', severity: 'error', from: { path: '^tools/lab/src/', pathNot: '\\.test\\.ts$' }, to: { path: '^(packages|apps)/' } },
    { name: 'testing-is-for-tests', severity: 'error', from: { pathNot: '\\.test\\.ts$|/test/|^tools/(testing|demo|bench|torture|parity)/' }, to: { path: '^tools/testing/' } },
    {
      name: 'built-in-adapters-are-named-by-apps',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/storage-|\\.test\\.ts$|/test/' },
      to: { path: '^packages/storage-(?!core/)' },
    },
    {
      name: 'no-deep-import',
      severity: 'error',
      // The fuzzer and the benchmarks feed some parsers without the server that stands before them.
      from: { path: '^(packages|apps|tools)/([^/]+)/', pathNot: '^tools/(fuzz|bench)/src/' },
      to: { path: '^packages/([^/]+)/src/(?!(index|testing|conformance|http|seed)[.]ts$)', pathNot: '^$1/$2/' },
    },
    ...upOrSideways,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage|node_modules)/|tsup[.]config|vitest[.]config|^tools/build/|^tools/run/|/test/fixtures/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['@icb/source', 'import', 'node', 'types', 'default'], extensions: ['.ts', '.js', '.json'] },
  },
}
