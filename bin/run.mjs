#!/usr/bin/env node
// Runs a file of this repository on the pinned Node, installing the dependencies first where they
// are missing. Plain JavaScript for the system's own, possibly older, Node; no dependency.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const marker = join(root, 'node_modules', '.package-lock.json')

if (!existsSync(marker)) {
  process.stderr.write('Installing what is missing (npm install) …\n')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const install = spawnSync(npm, ['install', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (install.status !== 0) {
    process.stderr.write('npm install failed: see the lines above.\n')
    process.exit(1)
  }
}

const pinned = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
const node = existsSync(pinned) ? pinned : process.execPath
const args = process.argv.slice(2)
const path = `${join(root, 'node_modules', '.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`
const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
const child = spawn(node, args, { stdio, env: { ...process.env, PATH: path } })

// A terminal sends SIGINT to the whole group; elsewhere it is passed on, like the other signals.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))

// An npm that is killed leaves this process behind; the program must not outlive both unseen.
const parent = process.ppid
setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500).unref()

child.on('error', error => {
  process.stderr.write(`Could not start ${node}: ${error.message}\n`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)))
