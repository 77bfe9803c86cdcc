import type { JWK } from 'jose'
import type { Crowd } from './people.ts'

// What the bench and its peers, each a process of its own, say to each other.

export interface OpenVdab {
  kind: 'open'
  gateway: string
  logKey: string
  privateKey: JWK
  folder: string
  crowd: Crowd
}

export interface OpenCompanies {
  kind: 'open'
  gateway: string
  /** By company, in the order of the crowd. */
  keys: Record<string, JWK>
  webhookSecrets: Record<string, string>
  crowd: Crowd
}

/** What VDAB is told. */
export type ToVdab =
  | OpenVdab
  | { kind: 'prepare' }
  /** A new book, for a gateway whose database is as it was after preparing. */
  | { kind: 'begin'; folder: string }
  /** Opens all rows it received since, once more, and nothing else. */
  | { kind: 'open-rows' }

export type ToCompanies = OpenCompanies | { kind: 'send'; companies: number }

/** What a peer says; each thing that it is told is answered by one. */
export type FromPeer =
  | { kind: 'listening'; url: string }
  | { kind: 'done'; seconds: number; found?: number }
  | { kind: 'sent'; accepted: number; refused: number; requests: number }
  | { kind: 'failed'; why: string }

/** Says something to the bench. */
export function tell(message: FromPeer): void {
  process.send?.(message)
}

/** Does what the bench asks, one after the other; ends with it. */
export function listenTo<T>(handle: (message: T) => Promise<FromPeer>): void {
  let last = Promise.resolve()
  process.on('message', message => {
    last = last.then(async () => {
      tell(await handle(message as T).catch(error => ({ kind: 'failed', why: String(error) })))
    })
  })
  process.on('disconnect', () => process.exit())
}
