#!/usr/bin/env node
// There before the program is built, so that npm can link it.
await import('../dist/icb.mjs')
