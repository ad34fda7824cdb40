#!/usr/bin/env node
await import('../dist/icb.mjs')
