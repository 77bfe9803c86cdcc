import { expect } from 'expect'
import globalSetup from '../support/global-setup.ts'
import globalTeardown from '../support/global-teardown.ts'

/**
 * Gives a program what a test of Jest has: a PostgreSQL of its own, and a log that is looked through at the
 * end. @param name of the program, as the log names it
 */
export async function startTestRun(name: string): Promise<{ close(): Promise<void> }> {
  Object.assign(globalThis, { expect })
  expect.setState({ testPath: `/test/${name}` })
  await globalSetup()
  return { close: globalTeardown }
}
