#!/usr/bin/env node
// The installed command: compiled JavaScript in the package, TypeScript in the repository.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const compiled = fileURLToPath(new URL('../dist/src/cli.js', import.meta.url))
const source = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
if (existsSync(compiled)) await import(compiled)
else {
  process.argv.splice(2, 0, source)
  await import('./run.mjs')
}
