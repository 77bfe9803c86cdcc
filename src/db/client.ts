import pg from 'pg'

/**
 * A single connection. Where it breaks, what is done on it fails; unlike pg's own, a break between two
 * statements, or in the instant after `connect`, does not end the process because nobody listens then.
 */
export class QuietClient extends pg.Client {
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'error' && this.listenerCount('error') === 0) return false
    return super.emit(event as 'end', ...(args as []))
  }
}
