/** What a sandbox peer tells the program that started it. */
export type PeerMessage<Status> =
  | { kind: 'listening'; url: string; status: Status }
  | { kind: 'status'; status: Status }

const REPORT_EVERY_MS = 100

/**
 * The line between a peer and the demo that started it, over the IPC channel; silent where there is
 * none. Reports are thinned to ten a second, the last one always goes out.
 */
export function connectToParent(onCommand: (command: string) => void) {
  const isThere = process.send !== undefined
  let latest: unknown
  let isDue = false
  process.on('message', message => onCommand(String(message)))
  const send = (message: PeerMessage<unknown>) => {
    // The channel may close at any moment; the program that listened is gone then.
    if (process.connected) process.send?.(message, () => {})
  }
  return {
    isThere,
    listening: (url: string, status: unknown) => send({ kind: 'listening', url, status }),
    report: (status: unknown) => {
      latest = status
      if (isDue) return
      isDue = true
      setTimeout(() => {
        isDue = false
        send({ kind: 'status', status: latest })
      }, REPORT_EVERY_MS)
    },
  }
}
