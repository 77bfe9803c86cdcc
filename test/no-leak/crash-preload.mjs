// Loaded into a program under test by NODE_OPTIONS: ends it, or one of its threads, on command, with
// national numbers in memory. Commands come as the file `command` in CRASH_FOLDER.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import workers, { isMainThread, Worker } from 'node:worker_threads'

const folder = process.env.CRASH_FOLDER
const isLauncher = process.argv[1]?.endsWith('huisbrug.mjs')

if (folder && isMainThread && !isLauncher) {
  const flag = new Int32Array(new SharedArrayBuffer(4))
  workers.Worker = class extends Worker {
    constructor(file, options) {
      super(new URL('crash-thread.mjs', import.meta.url), {
        ...options,
        workerData: { flag, file },
      })
    }
  }
  writeFileSync(join(folder, 'pid'), String(process.pid))
  // Held as long as the program runs.
  globalThis.kept = []
  const command = join(folder, 'command')
  setInterval(() => {
    if (!existsSync(command)) return
    const { kind, numbers } = JSON.parse(readFileSync(command, 'utf8'))
    globalThis.kept.push(...numbers)
    rmSync(command)
    crash(kind, numbers.join(' '), flag)
  }, 20)
}

function crash(kind, text, flag) {
  const threads = ['thread-throws', 'thread-dies', 'thread-runs-out', 'thread-exits']
  if (threads.includes(kind)) Atomics.store(flag, 0, threads.indexOf(kind) + 1)
  else if (kind === 'uncaught') setImmediate(() => fail(text))
  else if (kind === 'unhandled') Promise.reject(new TypeError(text, { cause: new Error(text) }))
  else if (kind === 'abort') process.abort()
  else if (kind === 'runs-out') fill(text)
  else process.kill(process.pid, kind)
}

function fail(text) {
  throw new TypeError(text, { cause: new Error(text) })
}

function fill(text) {
  for (const all = []; ; ) all.push(Array.from({ length: 10_000 }, () => `${text} ${all.length}`))
}
