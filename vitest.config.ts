import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { projects: ['packages/*', 'apps/*', 'tools/lab', 'tools/testing', 'tools/demo'] } })
