import type { ProtocolSet } from '../../protocol/load.ts'
import { protocolLines } from './protocols.ts'

const SOON_DAYS = 90
const DAY_MS = 86_400_000

/** A protocol in force that is to be reviewed soon, or should have been. */
export interface Review {
  id: string
  title: string
  /** YYYY-MM-DD */
  on: string
  isOver: boolean
}

/** Protocols in force whose review date is within ninety days or past, the nearest first (pure). */
export function reviewsOf(set: ProtocolSet, at: Date): Review[] {
  const today = at.toISOString().slice(0, 10)
  const soon = new Date(at.getTime() + SOON_DAYS * DAY_MS).toISOString().slice(0, 10)
  return protocolLines(set, at)
    .filter(({ state }) => state === 'in-force')
    .flatMap(({ id, title }) => {
      const on = set.protocols.get(id)?.document.duration.reviewOn
      return on !== undefined && on <= soon ? [{ id, title, on, isOver: on < today }] : []
    })
    .sort((a, b) => (a.on < b.on ? -1 : 1))
}
