import type { Circus } from '@jest/types'
import { addEventHandler } from 'jest-circus'

/** Far above what a test needs, since files run beside each other: it is there for what hangs. */
const LIMIT_MS = 180_000
const ENVIRONMENT = { ...process.env }
let fail: ((error: unknown) => void) | undefined
let file: Circus.State | undefined

/**
 * Test files run one after another in plain processes, by a runner that waits for ever and knows nothing
 * of errors that nobody caught. Here each test and hook gets three minutes, or the time it asks for if that is more; what is
 * thrown outside of any call meanwhile fails it; and each file finds the environment as it was.
 */
addEventHandler((event: Circus.Event, state: Circus.State) => {
  if (state !== file) restoreEnvironment()
  file = state
  const block = state.currentDescribeBlock
  if (event.name === 'add_test') limit(block.children.at(-1) as Circus.TestEntry, event.timeout)
  if (event.name === 'add_hook') limit(block.hooks.at(-1) as Circus.Hook, event.timeout)
})

function restoreEnvironment(): void {
  for (const name of Object.keys(process.env)) if (!(name in ENVIRONMENT)) delete process.env[name]
  Object.assign(process.env, ENVIRONMENT)
}

process.on('uncaughtException', error => {
  if (!fail) throw error
  fail(error)
})

function limit(entry: { fn?: unknown }, asked = 0): void {
  const run = entry.fn as (() => unknown) | undefined
  if (!run) return
  const timeout = Math.max(asked, LIMIT_MS)
  entry.fn = async () => {
    const { promise, reject } = Promise.withResolvers<never>()
    fail = reject
    const timer = setTimeout(() => reject(new Error(`took more than ${timeout} ms`)), timeout)
    try {
      await Promise.race([run(), promise])
    } finally {
      clearTimeout(timer)
    }
  }
}
