import { defineConfig, type ViteUserConfig } from 'vitest/config'

const conditions = ['@icb/source', 'node', 'import', 'module', 'default']

/** What every project's tests run with; a package adds its name. */
export const base: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // Three at a time also on two cores: suites against the lab mostly wait for its programs.
  test: { include: ['{src,test}/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 120_000, maxWorkers: 3 },
})
