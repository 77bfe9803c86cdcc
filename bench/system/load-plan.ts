import type { Batch } from './requests.ts'

/** What a load generator is told to do. */
export interface LoadPlan {
  /** Of the server, such as `http://127.0.0.1:8080`. */
  url: string
  /** Such as `/v1/detections`. */
  path: string
  /** Keep-alive connections, each with one request under way. */
  connections: number
  batch: Batch
  /**
   * Requests a second, at even distances, whatever the replies; a latency then counts from when its request
   * was due. Absent: each connection sends its next request as soon as it has its reply.
   */
  perSecond?: number
}

/** What a load generator measured. Times are milliseconds, rates by the second. */
export interface LoadReport {
  requests: number
  /** From the first request to the last reply. */
  ms: number
  rate: number
  p50: number
  p99: number
  max: number
  /** How many replies had each status; `0`: the connection broke. */
  statuses: Record<string, number>
  /** The body of the first reply that was no 2xx. */
  firstRefusal: string | undefined
  /** The generator's own processor time meanwhile, in seconds. */
  seconds: number
}

/** What a generator says to who started it. */
export type LoadMessage =
  | { kind: 'ready' }
  | { kind: 'done'; report: LoadReport }
  | { kind: 'failed'; reason: string }
