#!/usr/bin/env node
// Runs a file of this repository, installing the dependencies first where they are missing.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startNode } from './start.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

if (!existsSync(new URL('../node_modules/.package-lock.json', import.meta.url))) {
  process.stderr.write('Installing what is missing (npm install) …\n')
  const windows = process.platform === 'win32'
  const { status } = spawnSync(
    windows ? 'npm.cmd' : 'npm',
    ['install', '--no-audit', '--no-fund'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: windows,
    },
  )
  if (status !== 0) {
    process.stderr.write('npm install failed: see the lines above.\n')
    process.exit(1)
  }
}
startNode(process.argv.slice(2))
