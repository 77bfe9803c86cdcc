#!/usr/bin/env node
// The command: compiled JavaScript in the installed package, TypeScript in the repository.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startNode } from './start.mjs'

const compiled = fileURLToPath(new URL('../dist/src/cli.js', import.meta.url))
const source = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
startNode([existsSync(source) ? source : compiled, ...process.argv.slice(2)])
