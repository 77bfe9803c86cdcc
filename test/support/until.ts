import { setTimeout as sleep } from 'node:timers/promises'

/** How much longer is waited than a quiet machine needs: test files run beside each other. */
export const PATIENCE = 4

/** Waits until the check gives something true, and returns it. @throws Error after {@link PATIENCE} times that long */
export async function until<T>(
  check: () => T | false | null | undefined | Promise<T | false | null | undefined>,
  milliseconds = 10_000,
): Promise<T> {
  const deadline = performance.now() + milliseconds * PATIENCE
  for (let rest = 5; ; rest = Math.min(rest * 1.5, 120)) {
    const found = await check()
    if (found) return found
    if (performance.now() > deadline)
      throw new Error(`not so within ${milliseconds * PATIENCE} ms: ${check}`)
    await sleep(rest)
  }
}
