#!/usr/bin/env node
await import('../dist/lab.mjs')
