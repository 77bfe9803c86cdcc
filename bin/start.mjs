// Starts a program on the pinned Node, such that it leaves no dump of its memory. Plain JavaScript for
// the system's own, possibly older, Node.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'

const SHELL = '/bin/sh'
// 1 byte, and not 0: where the kernel hands dumps to a program, only that stops it (core(5)).
const WITHOUT_CORE = 'prlimit --core=1:1 --pid $$ 2>/dev/null || ulimit -c 0; exec "$@"'
// What writes memory, its profile or the traffic's keys to a file, or lets a debugger in.
const DUMPS =
  /^--(abort-on-uncaught-exception|cpu-prof|debug-port|diagnostic-dir|heap-prof|heapsnapshot|inspect|perf-|prof\b|report-|tls-keylog|trace-event)/

/**
 * How Node itself is started (ADR 35): a young generation of two halves of 16 MB in place of 64, and all of the heap
 * looked at once a third has come on top of what was in use, for garbage is most of what a process would hold.
 */
export const NODE_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=30']

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

/**
 * NODE_OPTIONS without the flags that leave dumps, and the names of those.
 * @param {string} text
 */
export function withoutDumps(text) {
  const dropped = []
  const kept = []
  let inDropped = false
  for (const [word] of text.matchAll(/(?:[^\s"]|"(?:\\.|[^"\\])*")+/g)) {
    const flag = word.replaceAll('"', '').replaceAll('_', '-')
    // A value may be a word of its own.
    inDropped = flag.startsWith('-') ? DUMPS.test(flag) : inDropped
    if (!inDropped) kept.push(word)
    else if (flag.startsWith('-')) dropped.push(flag.split('=')[0])
  }
  return { options: kept.join(' '), dropped }
}

/** The environment of the program: this one's, with what may stay of NODE_OPTIONS. */
function environment(node) {
  const { options, dropped } = withoutDumps(process.env.NODE_OPTIONS ?? '')
  if (dropped.length > 0) {
    const names = dropped.join(' ')
    process.stderr.write(`NODE_OPTIONS: ${names} left out, so that no memory is written\n`)
  }
  const path = `${dirname(node)}${delimiter}${process.env.PATH}`
  return { ...process.env, PATH: path, NODE_OPTIONS: options }
}

/** Runs Node with these arguments and ends as it ends. */
export function startNode(args) {
  const node = findNode()
  const command = [node, ...NODE_FLAGS, ...args]
  if (process.platform !== 'win32' && existsSync(SHELL)) {
    command.unshift(SHELL, '-c', WITHOUT_CORE, 'sh')
  }
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const child = spawn(command[0], command.slice(1), { stdio, env: environment(node) })

  // This process holds the same environment, and its report would hold it too.
  Object.assign(process.report ?? {}, {
    reportOnFatalError: false,
    reportOnSignal: false,
    reportOnUncaughtException: false,
  })

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
