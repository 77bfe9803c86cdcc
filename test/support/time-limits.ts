import type { Circus } from '@jest/types'
import { addEventHandler } from 'jest-circus'

const LIMIT_MS = 60_000
let fail: ((error: unknown) => void) | undefined

/**
 * Tests run in plain processes, by a runner that waits for ever and knows nothing of errors that
 * nobody caught: here each test and hook gets the time it asks for, or a minute, and what is thrown
 * outside of any call meanwhile fails it.
 */
addEventHandler((event: Circus.Event, { currentDescribeBlock: block }: Circus.State) => {
  if (event.name === 'add_test') limit(block.children.at(-1) as Circus.TestEntry, event.timeout)
  if (event.name === 'add_hook') limit(block.hooks.at(-1) as Circus.Hook, event.timeout)
})

process.on('uncaughtException', error => {
  if (!fail) throw error
  fail(error)
})

function limit(entry: { fn?: unknown }, timeout = LIMIT_MS): void {
  const run = entry.fn as (() => unknown) | undefined
  if (!run) return
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
