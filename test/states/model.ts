/**
 * A model of what happens to messages, by hand from the design: no table, no SQL. One hand-over for each
 * message, known by the id of its message; one person for each request and each piece of feedback.
 */
export type State =
  | 'queued'
  | 'retrying'
  | 'held'
  | 'delivered'
  | 'parked'
  | 'expired'
  | 'withdrawn'

export interface HandOver {
  kind: 'request' | 'event' | 'items'
  to: string | null
  person: number
  sender: string
  state: State
  /** Delivered at least once: it stays so. */
  arrived: boolean
  /** Why it is held. */
  why: 'suspended' | 'routes' | 'period' | null
  attempts: number
  /** Attempts before it was last asked for again. */
  before: number
  listed: boolean
  taken: boolean
  erased: boolean
  /** In the hand of a worker. */
  busy: boolean
  answer: 'none' | 'awaiting' | 'answered' | 'expired'
}

export interface World {
  suspended: boolean
  messages: Map<string, HandOver>
  /** Who has a current route to each person. */
  routes: Map<number, Set<string>>
}

/** Tries after which it is parked. */
export const TRIES = 3
const OPEN: readonly State[] = ['queued', 'retrying', 'held', 'parked']
const SHOWN: readonly State[] = ['queued', 'retrying', 'parked', 'delivered']
const isOpen = (it: HandOver) => OPEN.includes(it.state) && !it.arrived

const NEW: Omit<HandOver, 'kind' | 'to' | 'person' | 'sender'> = {
  state: 'queued',
  arrived: false,
  why: null,
  attempts: 0,
  before: 0,
  listed: false,
  taken: false,
  erased: false,
  busy: false,
  answer: 'none',
}

export const copy = (world: World): World => structuredClone(world)

export function detect(world: World, id: string, party: string, person: number): void {
  const more = { kind: 'request', to: 'vdab', person, sender: party, answer: 'awaiting' } as const
  world.messages.set(id, { ...NEW, ...more })
  const routes = world.routes.get(person) ?? new Set()
  world.routes.set(person, routes.add(party))
}

/** Whether feedback about the person goes to somebody, or waits; else it is refused. */
export function feedback(world: World, id: string, person: number): void {
  const [first, second] = world.routes.get(person) ?? []
  const held = second
    ? ({ to: null, state: 'held', why: 'routes' } as const)
    : { to: first ?? null }
  world.messages.set(id, { ...NEW, kind: 'event', person, sender: 'vdab', ...held })
}

export function answer(world: World, request: string, id: string): void {
  const asked = world.messages.get(request)
  if (!asked) return
  asked.answer = 'answered'
  if (isOpen(asked))
    Object.assign(asked, { state: 'delivered', arrived: true, why: null, busy: false })
  const { sender, person } = asked
  const waits = { state: 'held', why: 'period' } as const
  world.messages.set(id, { ...NEW, kind: 'event', to: sender, person, sender: 'vdab', ...waits })
}

/** What a worker would take for a destination. */
export function due(world: World, to: string): [string, HandOver][] {
  return [...world.messages].filter(
    ([, it]) => it.to === to && !it.busy && (it.state === 'queued' || it.state === 'retrying'),
  )
}

/** What a worker has in hand: which try it is, and whether the person is not its recipient's any more. */
export interface Claimed {
  id: string
  tries: number
  isGone: boolean
}

const names = (world: World, { person, to }: HandOver) =>
  to !== null && world.routes.get(person)?.has(to) === true

/** A worker takes what is due in its hand, where it still may leave. */
export function claim(world: World, to: string): Claimed[] {
  return due(world, to).flatMap(([id, it]) => {
    const isEnded = it.kind === 'request' && !world.routes.get(it.person)?.has(it.sender)
    if (isEnded && it.attempts > 0) {
      withdraw(it)
      return []
    }
    if (world.suspended) {
      hold(it)
      return []
    }
    it.attempts += 1
    it.busy = true
    return [
      { id, tries: it.attempts - it.before, isGone: it.kind === 'event' && !names(world, it) },
    ]
  })
}

/** What became of a try, however late it is known. */
export function result(world: World, { id, tries, isGone }: Claimed, status: number): void {
  const it = world.messages.get(id)
  if (!it) return
  const isUnderway = it.state === 'queued' || it.state === 'retrying'
  if (isGone) {
    if (isUnderway)
      Object.assign(it, { state: it.arrived ? 'delivered' : 'withdrawn', busy: false })
    return
  }
  if (status < 300) {
    if (!isUnderway && it.state !== 'parked' && it.state !== 'expired') return
    Object.assign(it, { state: 'delivered', arrived: true, busy: false })
  } else if (isUnderway) {
    const ends = status === 422 || tries >= TRIES
    const given = it.arrived ? 'delivered' : 'parked'
    Object.assign(it, { state: ends ? given : 'retrying', busy: false })
  }
}

function hold(it: HandOver): void {
  if (it.arrived) it.state = 'delivered'
  else Object.assign(it, { state: 'held', why: 'suspended' })
}

function withdraw(it: HandOver): void {
  Object.assign(it, { state: 'withdrawn', busy: false, why: null })
  if (it.kind === 'request' && it.answer === 'awaiting') it.answer = 'none'
}

/** The worker died: what it had in hand is anybody's again. */
export function lapse(world: World): void {
  for (const it of world.messages.values()) it.busy = false
}

export function list(world: World, party: string): void {
  if (world.suspended) return
  for (const it of world.messages.values()) {
    if (it.kind !== 'event' || it.to !== party || it.taken || it.listed) continue
    if (!SHOWN.includes(it.state)) continue
    it.listed = true
    it.attempts = Math.max(it.attempts, 1)
  }
}

export function acknowledge(world: World, party: string): void {
  for (const it of world.messages.values()) {
    if (it.to !== party || !it.listed || it.taken || !SHOWN.includes(it.state)) continue
    Object.assign(it, { state: 'delivered', arrived: true, taken: true, busy: false })
  }
}

function again(it: HandOver): void {
  Object.assign(it, { state: 'retrying', listed: false, taken: false, busy: false, why: null })
  it.before = it.attempts
}

/** @returns whether it is allowed */
export function retry(world: World, id: string): boolean {
  const it = world.messages.get(id)
  if (it?.kind !== 'event' || it.erased || !SHOWN.includes(it.state)) return false
  again(it)
  return true
}

export function retryMany(world: World, party: string, state: State): void {
  for (const it of world.messages.values()) {
    if (it.kind === 'event' && it.to === party && it.state === state && !it.erased) again(it)
  }
}

/** @returns whether it is allowed */
export function resumeParked(world: World, id: string): boolean {
  const it = world.messages.get(id)
  if (it?.state !== 'parked' || it.erased) return false
  Object.assign(it, { state: 'retrying', before: it.attempts })
  return true
}

/** @returns whether it is allowed */
export function closeParked(world: World, id: string): boolean {
  const it = world.messages.get(id)
  if (it?.state !== 'parked') return false
  withdraw(it)
  return true
}

/** @returns whether it is allowed */
export function endTenancy(world: World, id: string, party: string, person: number): boolean {
  if (!world.routes.get(person)?.delete(party)) return false
  for (const it of world.messages.values()) {
    const isAbout = it.person === person && isOpen(it) && !it.busy && it.why !== 'period'
    if (isAbout && it.kind === 'request' && it.sender === party) withdraw(it)
    if (isAbout && it.kind === 'event' && it.to === party) withdraw(it)
  }
  world.messages.set(id, { ...NEW, kind: 'items', to: 'vdab', person, sender: party })
  return true
}

export function expireAll(world: World): void {
  for (const it of world.messages.values()) {
    if (it.answer !== 'awaiting') continue
    it.answer = 'expired'
    if (isOpen(it)) Object.assign(it, { state: 'expired', busy: false, why: null })
  }
}

export function suspend(world: World): void {
  world.suspended = true
  for (const it of world.messages.values()) {
    if ((it.state === 'queued' || it.state === 'retrying') && !it.busy) hold(it)
  }
}

export function resume(world: World): void {
  world.suspended = false
  for (const it of world.messages.values()) {
    if (it.state === 'held' && it.why === 'suspended')
      Object.assign(it, { state: 'queued', why: null })
  }
  settle(world)
}

/** Feedback that waited for one of two routes to end goes to the one that is left, if one is. */
export function settle(world: World): void {
  for (const it of world.messages.values()) {
    if (it.state !== 'held' || it.why !== 'routes') continue
    const routes = world.routes.get(it.person)
    if (!routes?.size) withdraw(it)
    else if (routes.size === 1)
      Object.assign(it, { state: 'queued', to: [...routes][0], why: null })
  }
}

export function retain(world: World): void {
  for (const it of world.messages.values()) {
    const isOver =
      it.state === 'withdrawn' || it.state === 'expired' || (it.state === 'delivered' && it.taken)
    if (it.kind === 'event' && isOver) it.erased = true
  }
}

/** Everything that is open under a key epoch goes with its key, but for the number of a month. */
export function closeEpoch(world: World): void {
  for (const it of world.messages.values()) {
    if (isOpen(it) && it.why !== 'period') withdraw(it)
    if (it.answer === 'awaiting') it.answer = 'expired'
  }
}
