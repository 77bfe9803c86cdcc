// Starts a program on the pinned Node. Plain JavaScript for the system's own, possibly older, Node.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'

/** The Node that this package depends on, or the one that runs now where there is none for this platform. */
function findNode() {
  const windows = process.platform === 'win32'
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
    const node = join(folder, 'bin', windows ? 'node.exe' : 'node')
    return existsSync(node) ? node : process.execPath
  } catch {
    return process.execPath
  }
}

/** Runs Node with these arguments and ends as it ends. */
export function startNode(args) {
  const node = findNode()
  const path = `${dirname(node)}${delimiter}${process.env.PATH}`
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
}
