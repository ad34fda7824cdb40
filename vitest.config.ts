import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { projects: ['packages/*', 'apps/*', 'tools/lab', 'tools/testing', 'tools/demo', 'tools/torture', 'tools/fuzz', 'tools/parity'] } })
