import { randomUUID } from 'node:crypto'
import { handOverDue } from '../../src/delivery/hand-over.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { closeEpoch } from '../../src/exchange/epoch.ts'
import { expireInteractions } from '../../src/exchange/expire.ts'
import { haltStopped, resumeHeld } from '../../src/exchange/halt.ts'
import { closeParked, ParkedError, resumeParked } from '../../src/exchange/parked.ts'
import { eraseExpired } from '../../src/exchange/retention.ts'
import { settleOnce } from '../../src/exchange/settle.ts'
import { resumeProtocol, suspendProtocol } from '../../src/exchange/suspension.ts'
import { detection, openDomain, TODAY } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { tenant } from '../support/people.ts'
import * as model from './model.ts'

/**
 * Random steps of several actors against a model: after each of them every hand-over is where the model
 * has it, what was accepted is somewhere, and each step is an allowed one with evidence. A failure tells
 * its seed and its steps; SEED below repeats it.
 */
const SECONDS = 20
const LEAST_STEPS = 150
const SEED = Date.now() % 1_000_000
const PARTIES = ['woonboog', 'leefgoed'] as const
type Party = (typeof PARTIES)[number]
const MOST_DUE = 12

let gateway: TestGateway
let domain: string
let world: model.World
/** Steps done, to be told where one fails. */
let done: string[]
let seed = SEED
/** What a try in hand waits for, and what was claimed for it. */
let inHand: { claimed: model.Claimed[]; end(status: number): Promise<void> } | undefined
const tags = new Map<number, string>()
let persons = 0

beforeAll(async () => {
  gateway = await testGateway({ roles: 'api' })
  domain = await openDomain(gateway)
  for (const party of ['vdab', ...PARTIES]) {
    await gateway.context.parties.setRetries(party, {
      firstSeconds: 1,
      tries: model.TRIES,
      hours: 1,
    })
  }
  world = { suspended: false, messages: new Map(), routes: new Map() }
  done = []
})
afterAll(() => gateway.close())

// mulberry32
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}
const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
const pickParty = () => pick(PARTIES) ?? 'woonboog'
const messages = (fits: (it: model.HandOver) => boolean) =>
  [...world.messages].filter(([, it]) => fits(it)).map(([id]) => id)

/** What a step did, and what the model says it does: false where it is not allowed. */
interface Step {
  name: string
  /** Whether it is one transaction, so that several at once must be as if one after another. */
  isAtomic?: boolean
  run(): Promise<string | boolean>
  apply(on: model.World, outcome: string): boolean
}

/** A refusal is an outcome; a failure of ours is none. */
async function outcomeOf(call: Promise<unknown>): Promise<string | boolean> {
  try {
    const value = (await call) as { messageId?: string; accepted?: number } | undefined
    return value?.accepted === 0 ? false : (value?.messageId ?? true)
  } catch (error) {
    const { status = 500, code } = error as { status?: number; code?: string }
    if (error instanceof ParkedError || status < 500 || code === 'HB-307') return false
    throw error
  }
}

const STEPS: Record<string, () => Step | undefined> = {
  detect: () => {
    if (model.due(world, 'vdab').length >= MOST_DUE) return undefined
    const party = pickParty()
    return detectStep('detect', party, persons++)
  },
  contest: () => {
    const spoken = new Set(
      [...world.messages.values()]
        .filter(it => it.kind === 'event' && it.why !== 'period')
        .map(it => it.person),
    )
    const person = pick(
      [...world.routes].filter(([it, at]) => at.size === 1 && !spoken.has(it)).map(([it]) => it),
    )
    if (person === undefined || model.due(world, 'vdab').length >= MOST_DUE) return undefined
    const party = PARTIES.find(it => !world.routes.get(person)?.has(it))
    const before = [...world.messages.values()].some(
      it => it.person === person && it.sender === party,
    )
    return party && !before ? detectStep('contest', party, person) : undefined
  },
  feedback: () => {
    const person = pick([...world.routes.keys()])
    const tag = person === undefined ? undefined : tags.get(person)
    if (person === undefined || tag === undefined) return undefined
    if (PARTIES.some(it => model.due(world, it).length >= MOST_DUE)) return undefined
    const items = [{ tag, reachability: 'hard-to-reach' as const, establishedOn: TODAY }]
    return {
      name: `feedback ${person}`,
      run: () => outcomeOf(gateway.clients.vdab.feedback({ protocol: 'wm-vdab', domain, items })),
      apply: (on, id) => {
        if (on.suspended || !on.routes.get(person)?.size) return false
        model.feedback(on, id, person)
        return true
      },
    }
  },
  answer: () => {
    const id = pick(
      messages(it => it.kind === 'request' && (it.attempts > 0 || it.state === 'withdrawn')),
    )
    if (id === undefined) return undefined
    return {
      name: `answer ${id}`,
      isAtomic: true,
      run: async () => {
        const { rows } = await gateway.db.pool.query('SELECT digest FROM message WHERE id = $1', [
          id,
        ])
        const body = { requestDigest: String(rows[0]?.digest), found: 0 }
        // Under a key of its own: a repeat would hear what it heard before.
        const own = { idempotencyKey: randomUUID() }
        return outcomeOf(gateway.clients.vdab.answer(id, body, own))
      },
      apply: (on, reply) => {
        if (on.suspended || on.messages.get(id)?.answer !== 'awaiting') return false
        model.answer(on, id, reply)
        return true
      },
    }
  },
  try: () => {
    const to = pick(['vdab', ...PARTIES])!
    const status = pick([202, 202, 503, 503, 422])!
    return {
      name: `try ${to} ${status}`,
      run: async () => {
        await makeDue()
        reply(status)
        await work(to)
        return true
      },
      apply: on => {
        for (const claimed of model.claim(on, to)) model.result(on, claimed, status)
        return true
      },
    }
  },
  take: () => {
    if (inHand || world.suspended) return undefined
    const to = pick(['vdab', ...PARTIES])!
    if (model.due(world, to).length === 0) return undefined
    return { name: `take ${to}`, run: () => take(to), apply: on => take2(on, to) }
  },
  end: () => {
    if (!inHand) return undefined
    const status = pick([202, 503, 422])!
    const { claimed, end } = inHand
    return {
      name: `end ${status}`,
      run: async () => {
        inHand = undefined
        await end(status)
        return true
      },
      apply: on => {
        for (const one of claimed) model.result(on, one, status)
        return true
      },
    }
  },
  lapse: () => {
    if (!inHand) return undefined
    return {
      name: 'lapse',
      run: async () => {
        await gateway.db.pool.query(
          `UPDATE hand_over SET due_at = now(), claimed_until = now() - interval '1 second'
           WHERE claimed_until > now()`,
        )
        return true
      },
      apply: on => {
        model.lapse(on)
        return true
      },
    }
  },
  list: () => {
    const party = pickParty()
    return {
      name: `list ${party}`,
      isAtomic: true,
      run: () => outcomeOf(gateway.clients[party].inbox({ limit: 1000 })),
      apply: on => {
        model.list(on, party)
        return true
      },
    }
  },
  acknowledge: () => {
    const party = pickParty()
    return {
      name: `acknowledge ${party}`,
      isAtomic: true,
      run: () => outcomeOf(gateway.clients[party].acknowledge('del_7ZZZZZZZZZZZZZZZZZZZZZZZZZ')),
      apply: on => {
        model.acknowledge(on, party)
        return true
      },
    }
  },
  retry: () => {
    const id = pick(messages(it => it.kind === 'event' && it.to !== null && it.why !== 'period'))
    const party = id === undefined ? undefined : (world.messages.get(id)?.to as Party)
    if (id === undefined || !party || model.due(world, party).length >= MOST_DUE) return undefined
    return {
      name: `retry ${id}`,
      isAtomic: true,
      run: async () => outcomeOf(gateway.clients[party].retryDelivery(await deliveryOf(id))),
      apply: on => model.retry(on, id),
    }
  },
  retryMany: () => {
    const party = pickParty()
    const state = pick(['parked', 'retrying'] as const) ?? 'parked'
    return {
      name: `retryMany ${party} ${state}`,
      isAtomic: true,
      run: () =>
        outcomeOf(
          gateway.clients[party].retryDeliveries({
            state,
            event: 'be.huisbrug.feedback.reachability',
          }),
        ),
      apply: on => {
        model.retryMany(on, party, state)
        return true
      },
    }
  },
  resumeParked: () => decideParked('resumeParked', resumeParked, model.resumeParked),
  closeParked: () => decideParked('closeParked', closeParked, model.closeParked),
  endTenancy: () => {
    const routes = [...world.routes].flatMap(([person, parties]) =>
      [...parties].map(party => ({ person, party })),
    )
    const one = pick(routes)
    // To whom feedback goes that waits while nobody is left is another matter.
    const waits = messages(it => it.why === 'routes' && it.person === one?.person).length > 0
    if (!one || (waits && world.routes.get(one.person)?.size === 1)) return undefined
    if (model.due(world, 'vdab').length >= MOST_DUE) return undefined
    const { person } = one
    const party = one.party as Party
    const items = [{ tenantRef: tenant(person).tenantRef, endedOn: TODAY }]
    return {
      name: `endTenancy ${party} ${person}`,
      isAtomic: true,
      run: () => outcomeOf(gateway.clients[party].tenanciesEnded({ protocol: 'wm-vdab', items })),
      apply: (on, id) => !on.suspended && model.endTenancy(on, id, party, person),
    }
  },
  expire: () => {
    if (world.suspended || random() < 0.5) return undefined
    const later = new Date(Date.now() + 400 * 86_400_000)
    return {
      name: 'expire',
      isAtomic: true,
      run: () => outcomeOf(expireInteractions({ ...gateway.context, clock: () => later })),
      apply: on => {
        model.expireAll(on)
        return true
      },
    }
  },
  suspend: () => {
    if (world.suspended || inHand || random() < 0.6) return undefined
    return {
      name: 'suspend',
      run: async () => {
        await suspendProtocol(parts(), { ...CHANGE, at: new Date() })
        await untilStanding(true)
        await haltStopped(gateway.context)
        return true
      },
      apply: on => {
        model.suspend(on)
        return true
      },
    }
  },
  resume: () => {
    if (!world.suspended) return undefined
    return {
      name: 'resume',
      run: async () => {
        await resumeProtocol(parts(), { ...CHANGE, at: new Date() })
        await untilStanding(false)
        await resumeHeld(gateway.context)
        await settleOnce(gateway.context, 1)
        return true
      },
      apply: on => {
        model.resume(on)
        return true
      },
    }
  },
  settle: () => {
    if (world.suspended) return undefined
    return {
      name: 'settle',
      run: () => outcomeOf(settleOnce(gateway.context, 1)),
      apply: on => {
        model.settle(on)
        return true
      },
    }
  },
  retain: () => ({
    name: 'retain',
    run: () => outcomeOf(eraseExpired(gateway.context)),
    apply: on => {
      model.retain(on)
      return true
    },
  }),
}

const CHANGE = { id: 'wm-vdab', reason: 'proef', by: { role: 'operator' } }
const parts = () => ({ pool: gateway.db.pool, protocols: gateway.context.protocols })

function untilStanding(isSuspended: boolean): Promise<unknown> {
  return until(isSuspended ? 'suspended' : 'resumed', () => {
    const all = [...gateway.context.protocols.standings().values()]
    return all.some(it => it.status === 'HB-307') === isSuspended
  })
}

function detectStep(name: 'detect' | 'contest', party: Party, person: number): Step {
  return {
    name: `${name} ${party} ${person}`,
    run: async () => {
      const sent = await outcomeOf(gateway.clients[party].detect(detection([tenant(person)])))
      if (typeof sent !== 'string') return sent
      const { rows } = await gateway.db.pool.query(
        'SELECT tag FROM detection_row WHERE message_id = $1',
        [sent],
      )
      tags.set(person, rows[0]?.tag.toString('base64url'))
      return sent
    },
    apply: (on, id) => {
      if (on.suspended) return false
      model.detect(on, id, party, person)
      return true
    },
  }
}

function decideParked(
  name: string,
  change: typeof resumeParked,
  effect: (on: model.World, id: string) => boolean,
): Step | undefined {
  const id = pick(messages(it => it.state === 'parked')) ?? pick([...world.messages.keys()])
  if (id === undefined) return undefined
  const by = { role: 'operator' }
  return {
    name: `${name} ${id}`,
    isAtomic: true,
    // By hand-over: a notice about the message may be parked as well.
    run: async () => {
      const ids = [await deliveryOf(id)]
      const asked = { ids, reason: 'proef', by, at: new Date() }
      return (await outcomeOf(change(gateway.db.pool, asked))) !== false
    },
    apply: on => effect(on, id),
  }
}

async function deliveryOf(messageId: string): Promise<string> {
  const { rows } = await gateway.db.pool.query(
    'SELECT id FROM hand_over WHERE message_id = $1 AND counted',
    [messageId],
  )
  return rows[0]?.id
}

function reply(status: number): void {
  for (const peer of [gateway.vdab, ...Object.values(gateway.hooks)]) {
    peer.reply = () => ({ status, body: {} })
  }
}

/** Time goes by: what is not in a worker's hand is due, and pauses are over. */
async function makeDue(): Promise<void> {
  await gateway.db.pool.query('DELETE FROM circuit')
  await gateway.db.pool.query(
    `UPDATE hand_over SET due_at = now() WHERE state IN ('queued', 'retrying')
       AND (claimed_until IS NULL OR claimed_until < now())`,
  )
}

const work = (to: string) => handOverDue(gateway.context, to, new AbortController().signal)

let taken: model.Claimed[] = []

/** A worker takes what is due; its peers do not answer before they are told to. */
async function take(to: string): Promise<boolean> {
  await makeDue()
  const answers: ((status: number) => void)[] = []
  for (const peer of [gateway.vdab, ...Object.values(gateway.hooks)]) {
    peer.reply = () =>
      new Promise(resolve => {
        answers.push(status => resolve({ status, body: {} }))
      })
  }
  const working = work(to)
  const trial = model.copy(world)
  taken = model.claim(trial, to)
  // Nothing leaves of what is nobody's any more: no peer has a say, and the turn ends by itself.
  if (taken.every(it => it.isGone)) {
    await working
    return true
  }
  await until('the peer has all', () => answers.length >= taken.filter(it => !it.isGone).length)
  inHand = {
    claimed: taken,
    end: async status => {
      reply(status)
      for (const answer of answers) answer(status)
      await working
    },
  }
  return true
}

function take2(on: model.World, to: string): boolean {
  const claimed = model.claim(on, to)
  if (claimed.every(it => it.isGone)) for (const it of claimed) model.result(on, it, 0)
  return true
}

interface Seen {
  id: string
  state: string
  arrived: boolean
  attempts: number
  before: number
  listed: boolean
  taken: boolean
  erased: boolean
  answer: string
}

/** Every message as the database has it. */
async function look(): Promise<Map<string, string>> {
  const { rows } = await gateway.db.pool.query<Seen>(
    `SELECT m.id, h.state, h.delivered_at IS NOT NULL AS arrived, h.attempts,
       h.attempts_before AS before, h.listed_at IS NOT NULL AS listed,
       h.acknowledged_at IS NOT NULL AS taken, h.erased_at IS NOT NULL AS erased,
       coalesce(m.answer_state, 'none') AS answer
     FROM message m JOIN hand_over h ON h.message_id = m.id AND h.counted ORDER BY m.id`,
  )
  return new Map(rows.map(row => [row.id, shown(row)]))
}

// A claim that ends in a withdrawal counts as a try in the database; nothing hangs on it.
const shown = ({ attempts, ...it }: Omit<Seen, 'id'>) => {
  const { state, arrived, before, listed, taken, erased, answer } = it
  const tried = state === 'withdrawn' ? null : attempts
  return JSON.stringify({ state, arrived, tried, before, listed, taken, erased, answer })
}

/** Where the model and the database differ. */
function differences(on: model.World, seen: Map<string, string>): string[] {
  const ids = new Set([...on.messages.keys(), ...seen.keys()])
  return [...ids].flatMap(id => {
    const it = on.messages.get(id)
    const expected = it && shown(it)
    return expected === seen.get(id) ? [] : [`${id} ${it?.kind}: ${expected} but ${seen.get(id)}`]
  })
}

/** Does the steps at once; the model must agree with them in some order. */
async function perform(steps: Step[]): Promise<void> {
  done.push(steps.map(it => it.name).join(' & '))
  const outcomes = await Promise.all(steps.map(it => it.run()))
  const seen = await look()
  let first: string[] | undefined
  for (const order of orders(steps.map((step, at) => ({ step, outcome: outcomes[at] })))) {
    const trial = model.copy(world)
    const wrong = order.flatMap(({ step, outcome }) => {
      const allowed = step.apply(trial, String(outcome))
      return allowed === (outcome !== false) ? [] : [`${step.name}: ${outcome}, not ${allowed}`]
    })
    const differ = [...wrong, ...differences(trial, seen)]
    if (differ.length === 0) {
      world = trial
      return
    }
    first ??= differ
  }
  throw new Error(`the model differs\n${first?.join('\n')}`)
}

function orders<T>(of: T[]): T[][] {
  if (of.length <= 1) return [of]
  return of.flatMap((one, at) => orders(of.toSpliced(at, 1)).map(rest => [one, ...rest]))
}

let lastStep = 0

// Written by hand: what may follow on what.
const ALLOWED: Readonly<Record<string, string>> = {
  queued: 'retrying held delivered parked expired withdrawn',
  retrying: 'held delivered parked expired withdrawn',
  held: 'queued delivered expired withdrawn',
  parked: 'retrying delivered expired withdrawn',
  delivered: 'retrying',
  expired: 'delivered',
  withdrawn: '',
  awaiting: 'answered expired none',
}

/** Nothing is lost, and each new step is an allowed one, written with an entry in its transaction. */
async function assertSound(): Promise<void> {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
  const { rows } = await gateway.db.pool.query<{
    id: number
    was: string
    state: string
    proven: boolean
  }>(
    `SELECT t.id::int, t.was, t.state,
       EXISTS (SELECT FROM audit_pending p WHERE p.xmin = t.xmin) AS proven
     FROM transition t WHERE t.id > $1 ORDER BY t.id`,
    [lastStep],
  )
  for (const { was, state, proven } of rows) {
    expect({ was, state, proven }).toEqual({ was, state, proven: true })
    expect(ALLOWED[was]?.split(' ')).toContain(state)
  }
  lastStep = rows.at(-1)?.id ?? lastStep
}

function nextSteps(): Step[] {
  const names = [...Object.keys(STEPS), 'contest', 'contest', 'try', 'try', 'take', 'end']
  const make = () => STEPS[pick(names) ?? '']?.()
  const first = make()
  if (!first) return []
  if (!first.isAtomic || random() < 0.5) return [first]
  const others = [make(), make()].filter(it => it?.isAtomic && it.name !== first.name) as Step[]
  const unique = new Map([first, ...others].map(it => [it.name, it]))
  return [...unique.values()]
}

test('any order of steps, several at once: the model and the database agree', async () => {
  const start = Date.now()
  const elapsed = () => (Date.now() - start) / 1000
  const kinds = new Set<string>()
  const states = new Set<string>()
  let takenAt = 0
  try {
    // A machine that is busy gets more time for fewer steps.
    while (elapsed() < SECONDS || (done.length < LEAST_STEPS && elapsed() < 6 * SECONDS)) {
      takenAt = inHand ? takenAt || Date.now() : 0
      // A peer is waited for at most ten seconds.
      const steps = takenAt > 0 && Date.now() - takenAt > 3_000 ? [STEPS['end']?.()] : nextSteps()
      const real = steps.filter(it => it !== undefined)
      if (real.length === 0) continue
      await perform(real)
      await assertSound()
      for (const { name } of real) kinds.add(name.split(' ')[0] ?? '')
      for (const { state } of world.messages.values()) states.add(state)
    }
    const last = [STEPS['end']?.(), STEPS['resume']?.()].filter(it => it !== undefined)
    for (const step of last) await perform([step])
    await closeForGood()
  } catch (error) {
    throw new Error(
      `seed ${SEED}, after\n${done.slice(-60).join('\n')}\n${(error as Error).message}`,
    )
  }
  // The run was worth something.
  expect(kinds.size).toBeGreaterThanOrEqual(12)
  expect(states.size).toBeGreaterThanOrEqual(5)
  expect(done.length).toBeGreaterThan(60)
}, 240_000)

/** The key epoch closes under all that is open. */
async function closeForGood(): Promise<void> {
  const { pool } = gateway.db
  await pool.query("UPDATE domain SET state = 'closing' WHERE name = $1", [domain])
  await perform([
    {
      name: 'closeEpoch',
      run: () =>
        outcomeOf(
          closeEpoch(gateway.context, domain, {
            actor: { role: 'operator' },
            at: new Date(),
            reason: 'proef',
            force: true,
          }),
        ),
      apply: on => {
        model.closeEpoch(on)
        return true
      },
    },
  ])
  await assertSound()
}
