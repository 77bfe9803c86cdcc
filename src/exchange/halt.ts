import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Queryable, type Tx } from '../db/pool.ts'
import {
  type Changed,
  entryOf,
  followerEntry,
  HAND_OVER_COLUMNS,
  type HandOver,
} from '../delivery/outbox.ts'
import { decideAgain, type Recheck } from '../delivery/recheck.ts'
import { LET_GO } from '../delivery/withdraw-rows.ts'
import { endOpenRequests } from './halt-requests.ts'

const CHUNK = 1_000
const ROUNDS_A_MINUTE = 60
// A message taken in just before a change may commit just after it: look a few times more.
const ROUNDS_AFTER_A_CHANGE = 6

/** What one process saw last, so that a round in which nothing changed costs nothing. */
export interface HaltMemory {
  standings: string
  rounds: number
}

export function newHaltMemory(): HaltMemory {
  return { standings: '', rounds: 0 }
}

/**
 * Stops what is on its way under a document that is no longer in force, also where nobody comes to
 * fetch it: what a suspension stops is held, what an agreement took back is withdrawn with the code
 * as its reason. Looks where a document changed, every round while one is suspended, and else once a
 * minute.
 */
export async function haltStopped(
  context: Context,
  memory: HaltMemory = newHaltMemory(),
): Promise<void> {
  const standings = [...context.protocols.standings().values()]
  const seen = JSON.stringify(standings)
  memory.rounds = seen === memory.standings ? memory.rounds + 1 : 0
  memory.standings = seen
  const isFresh = memory.rounds < ROUNDS_AFTER_A_CHANGE || memory.rounds % ROUNDS_A_MINUTE === 0
  const isStopped = standings.some(({ status }) => status === 'HB-307')
  if (!isFresh && !isStopped) return
  const states = isFresh ? ['queued', 'retrying', 'held'] : ['queued', 'retrying']
  const kinds = await readKinds(context, states, '')
  const decided = kinds.map(kind => ({ kind, decision: decideKind(context, kind) }))
  const of = (outcome: Recheck['outcome']) =>
    decided.filter(it => it.decision.outcome === outcome).map(it => it.kind.shape)
  await haltAll(context, of('hold'), ['queued', 'retrying'])
  await haltAll(context, of('withdraw'), states)
  if (isFresh) await endOpenRequests(context)
}

/**
 * What a suspension held goes on once its protocol, and the accession to it, is in force again.
 * @returns the destinations to wake
 */
export async function resumeHeld(context: Context): Promise<string[]> {
  const kinds = await readKinds(context, ['held'], "AND h.reason LIKE 'HB-%'")
  const free = kinds.filter(kind => decideKind(context, kind).outcome !== 'hold')
  const woken = new Set<string>()
  await inChunks(async () => {
    return inTransaction(context.pool, async tx => {
      const shapes = free.map(({ shape }) => shape)
      const rows = await lockOpen(tx, shapes, ['held'], "AND h.reason LIKE 'HB-%'")
      if (rows.length === 0) return 0
      await tx.query(RESUME, [rows.map(row => row.id)])
      await recordEntries(
        tx,
        rows.map(row => entryOf(context, row, 'message.resumed')),
      )
      for (const row of rows) if (row.destination) woken.add(row.destination)
      return rows.length
    })
  }, free.length)
  return [...woken]
}

const RESUME = `
  UPDATE hand_over h SET state = 'queued', reason = NULL, due_at = now() WHERE h.id = ANY($1)`

/** Hand-overs about which the protocol is asked the same question, with one of them. */
export type Kind = HandOver & { shape: string }

const SHAPE = `md5(row(m.protocol, m.party_id, m.type, m.purpose, m.fields, m.target_group,
  h.destination)::text)`

// An answer that waits for the number of its period goes the way of the hand-over that carries it.
const OPEN = `h.state = ANY($1) AND h.with_id IS NULL
  AND (h.claimed_until IS NULL OR h.claimed_until < now())`

/** The kinds among open hand-overs in these states; `where` is a condition of our own on `h`. */
export async function readKinds(
  context: { pool: Queryable },
  states: string[],
  where: string,
): Promise<Kind[]> {
  const { rows } = await context.pool.query<Kind>(
    `SELECT DISTINCT ON (shape) * FROM (
       SELECT ${SHAPE} AS shape, ${HAND_OVER_COLUMNS}
       FROM hand_over h JOIN message m ON m.id = h.message_id WHERE ${OPEN} ${where}) AS open
     ORDER BY shape`,
    [states],
  )
  return rows
}

// Of a message, not of a number of items; and to nobody in particular while two routes are current.
export function decideKind(context: Pick<Context, 'protocols' | 'clock'>, kind: Kind): Recheck {
  const destination = kind.destination ?? kind.message.party ?? ''
  return decideAgain(context, { ...kind, destination, items: 1 })
}

async function haltAll(context: Context, shapes: string[], states: string[]): Promise<void> {
  await inChunks(
    () =>
      inTransaction(context.pool, async tx => {
        const rows = await lockOpen(tx, shapes, states, '')
        await halt(context, tx, rows)
        return rows.length
      }),
    shapes.length,
  )
}

async function inChunks(work: () => Promise<number>, kinds: number): Promise<void> {
  if (kinds === 0) return
  while ((await work()) === CHUNK);
}

async function lockOpen(
  tx: Tx,
  shapes: string[],
  states: string[],
  where: string,
): Promise<HandOver[]> {
  const { rows } = await tx.query<HandOver>(
    `SELECT ${HAND_OVER_COLUMNS} FROM hand_over h JOIN message m ON m.id = h.message_id
     WHERE ${OPEN} ${where} AND ${SHAPE} = ANY($2)
     ORDER BY h.id LIMIT ${CHUNK} FOR NO KEY UPDATE OF h SKIP LOCKED`,
    [states, shapes],
  )
  return rows
}

/** Holds or withdraws locked hand-overs, each as the protocol says now, with the evidence of it. */
async function halt(context: Context, tx: Tx, rows: HandOver[]): Promise<void> {
  const stopped = rows.flatMap(handOver => {
    const decision = decideKind(context, { ...handOver, shape: '' })
    return decision.outcome === 'go' ? [] : [{ handOver, decision }]
  })
  if (stopped.length === 0) return
  const { rows: followers } = await tx.query<Changed>(HALT, [
    stopped.map(it => it.handOver.id),
    stopped.map(it => (it.decision.outcome === 'hold' ? 'held' : 'withdrawn')),
    stopped.map(it => it.decision.code),
  ])
  const entries = stopped.map(({ handOver, decision: { outcome, code, rule } }) => ({
    ...entryOf(context, handOver, outcome === 'hold' ? 'message.held' : 'message.withdrawn'),
    decision: 'refused' as const,
    code: code ?? '',
    rule: rule ?? '',
  }))
  const led = followers.map(row => followerEntry(context, row, 'withdrawn'))
  await recordEntries(tx, [...entries, ...led])
}

// What was delivered before and is tried once more on request stays delivered.
const HALT = `
  WITH halted AS (
    UPDATE hand_over h SET reason = s.code, claimed_until = NULL,
      state = CASE WHEN h.delivered_at IS NULL THEN s.state ELSE 'delivered' END
    FROM unnest($1::text[], $2::text[], $3::text[]) AS s (id, state, code)
    WHERE h.id = s.id OR (h.with_id = s.id AND h.state = 'held' AND s.state = 'withdrawn')
    RETURNING h.id, h.message_id, h.kind, h.state, h.with_id, h.destination, h.domain, h.feedback_id,
      h.items, s.code),
  gone AS (SELECT * FROM halted WHERE state = 'withdrawn'), ${LET_GO}
  SELECT g.id, g.message_id AS "messageId", g.with_id AS "withId", g.destination, g.items, m.type
  FROM gone g JOIN message m ON m.id = g.message_id WHERE g.with_id IS NOT NULL`
