import type { Tone } from './tone.ts'

/** Something that happened to a message. */
export interface Moment {
  at: Date
  /** Moments of the same kind may be shown as one. */
  kind: string
  title: string
  sentence: string
  tone: Tone
  /** Where more is said about it. */
  link?: { path: string; text: string }
}

/** One step of a message's journey: a moment, or many of a kind. */
export interface TimelineStep extends Moment {
  count: number
  /** The last of many. */
  until?: Date
  /** Milliseconds since the step before it; 0 for the first. */
  elapsed: number
}

// From this many of a kind, such as the hand-overs of 1,000 items of feedback, they are one step.
const MANY = 4

/** The journey of a message, oldest first; moments at the same instant keep their order (pure). */
export function buildTimeline(moments: readonly Moment[]): TimelineStep[] {
  const inOrder = moments.toSorted((left, right) => left.at.getTime() - right.at.getTime())
  const kinds = [...Map.groupBy(inOrder, moment => moment.kind).values()]
  const steps = kinds.flatMap(group => (group.length >= MANY ? [toStep(group)] : group.map(single)))
  const sorted = steps.sort((left, right) => order(inOrder, left, right))
  return sorted.map((step, index) => {
    const before = sorted[index - 1]
    return { ...step, elapsed: before ? step.at.getTime() - before.at.getTime() : 0 }
  })
}

type Step = Moment & { count: number; until?: Date; first: Moment }

function single(moment: Moment): Step {
  return { ...moment, count: 1, first: moment }
}

function toStep(group: readonly Moment[]): Step {
  const first = group[0]
  const last = group.at(-1)
  if (!first || !last) throw new TypeError('a step needs a moment')
  return { ...first, count: group.length, until: last.at, first }
}

function order(inOrder: readonly Moment[], left: Step, right: Step): number {
  return inOrder.indexOf(left.first) - inOrder.indexOf(right.first)
}

/** A state and how long it lasted; `lasted` is absent where the message stays in it for good. */
export interface StateSpan {
  state: string
  at: Date
  code: string | null
  lasted?: number
  isLast: boolean
}

const FINAL = new Set(['refused', 'delivered', 'answered', 'expired', 'withdrawn'])

/** The time in each state, from the instants at which each was reached (pure). */
export function spansOf(
  steps: readonly { state: string; at: Date; code: string | null }[],
  now: Date,
): StateSpan[] {
  return steps.map((step, index) => {
    const next = steps[index + 1]
    const isLast = next === undefined
    if (isLast && FINAL.has(step.state)) return { ...step, isLast }
    const end = next?.at ?? now
    return { ...step, isLast, lasted: end.getTime() - step.at.getTime() }
  })
}

/** A state of one hand-over, and how long it was in it; absent where it stays in it for good. */
export interface HandOverStay {
  state: string
  lasted?: number
}

/** The time that one hand-over was in each state, in order, from its steps (pure). */
export function staysOf(
  handOver: { createdAt: Date; state: string },
  steps: readonly { was: string; state: string; at: Date }[],
  now: Date,
): HandOverStay[] {
  const first = { state: steps[0]?.was ?? handOver.state, at: handOver.createdAt, code: null }
  return spansOf([first, ...steps.map(step => ({ ...step, code: null }))], now).map(
    ({ state, lasted }) => ({
      state,
      ...(lasted !== undefined && { lasted: Math.max(0, lasted) }),
    }),
  )
}
