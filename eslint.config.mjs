import tseslint from 'typescript-eslint'

const clockAndTimers = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'Take a Clock.' },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Take a Clock.' },
]
const programOnly = [
  { name: 'console', message: 'Log through the injected Logger; only an app prints.' },
  { name: 'setTimeout', message: 'Timers live in @icb/runtime (Clock.sleep, pollUntil).' },
  { name: 'setInterval', message: 'Timers live in @icb/runtime.' },
]
const processUse = [
  { object: 'process', property: 'env', message: 'Only an app reads the environment.' },
  { object: 'process', property: 'exit', message: 'Only an app exits.' },
  { object: 'process', property: 'stdout', message: 'Only an app prints.' },
  { object: 'process', property: 'stderr', message: 'Only an app prints.' },
]
const children = { name: 'node:child_process', message: 'Programs are run by @icb/runtime (ProcessRunner).' }
const timers = { name: 'node:timers/promises', message: 'Timers live in @icb/runtime (Clock.sleep, pollUntil).' }
const axios = { name: 'axios', message: 'Only storage-core and the adapters speak HTTP.' }

export default tseslint.config(
  { ignores: ['**/dist/**', '**/coverage/**', '**/*.config.ts', '**/*.mjs', '**/*.js', 'tools/build/**', '.nx/**', '**/node_modules/**', '**/test/fixtures/**', '**/.lab/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    // One program of all sources: a project service would build one for each of the projects, in twice the time.
    languageOptions: { parserOptions: { project: 'tsconfig.eslint.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' }],
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['packages/runtime/**', '**/*.test.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...clockAndTimers],
      'no-restricted-globals': ['error', ...programOnly],
      'no-restricted-properties': ['error', ...processUse],
      'no-restricted-imports': ['error', { paths: [children, timers, axios] }],
    },
  },
  { files: ['packages/storage-*/src/**/*.ts'], ignores: ['**/*.test.ts'], rules: { 'no-restricted-imports': ['error', { paths: [children, timers] }] } },
  { files: ['packages/runtime/src/**/*.ts'], ignores: ['**/*.test.ts'], rules: { 'no-restricted-properties': ['error', ...processUse] } },
  {
    files: ['**/*.test.ts', '**/test/**/*.ts', 'packages/storage-core/src/conformance/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
)
