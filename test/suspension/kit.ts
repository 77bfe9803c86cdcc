import { join } from 'node:path'
import { readBalances } from '../../src/exchange/conservation.ts'
import { resumeProtocol, suspendProtocol } from '../../src/exchange/suspension.ts'
import { PERIOD, TODAY } from '../support/detection.ts'
import { type Company, resign, type TestGateway, until } from '../support/gateway.ts'
import type { Received } from '../support/peer.ts'
import { seedRows } from '../support/seed.ts'

/** On whose word the tests suspend. */
export const OPERATOR = { role: 'operator' }
/**
 * Longest time after which a suspension works in every process: a second, and what several processes
 * beside other test files lose on two cores. What it really took is printed.
 */
export const EFFECTIVE_MS = 3_000

/** Suspends or resumes as the command and the console do; @returns when it was done, and the outcome. */
export async function change(
  gateway: Pick<TestGateway, 'context'>,
  kind: 'suspend' | 'resume',
  id: string,
  reason = 'A test',
) {
  const { context } = gateway
  const wanted = { id, reason, by: OPERATOR, at: context.clock() }
  const outcome = await (kind === 'suspend' ? suspendProtocol : resumeProtocol)(context, wanted)
  return { ...outcome, doneAt: Date.now() }
}

/** A party takes back its signature under a document. */
export async function revoke(gateway: TestGateway, id: string, party: string): Promise<void> {
  resign(join(gateway.protocolsDir, id), record => {
    const signature = record.signatures.find(it => it.party === party)
    if (!signature) throw new Error(`no signature of ${party}`)
    record.signatures.push({ ...signature, statement: 'revoke', date: TODAY })
  })
  await gateway.context.protocols.reload()
}

/** Whether an event is about a protocol itself. */
export function isNotice({ body }: Pick<Received, 'body'>): boolean {
  return String(body['type']).startsWith('be.huisbrug.protocol.')
}

/** What left the gateway about persons: calls to VDAB and events but for notices. */
export function delivered(gateway: TestGateway, company?: Company): Received[] {
  const hooks = company ? [gateway.hooks[company]] : Object.values(gateway.hooks)
  const events = hooks.flatMap(hook => hook.received).filter(it => !isNotice(it))
  return company ? events : [...events, ...gateway.vdab.received]
}

/** Puts items in the outbox of a gateway: one message for each, events about nothing in particular. */
export async function queueEvents(
  gateway: TestGateway,
  company: Company,
  count: number,
): Promise<void> {
  await seedRows(gateway.db.pool, tx => tx.query(QUEUE, [company, count, PERIOD]))
}

// An expired interaction is told by an event that needs nothing but its message; here it is counted.
const QUEUE = `
  WITH message AS (
    INSERT INTO message (id, type, protocol, protocol_version, fields, party_id, purpose, period,
      target_group, received_at, received_day, digest, accepted, refused)
    SELECT 'msg_01' || upper(substr(md5($1 || n || random()), 1, 24)), 'detection.request', 'wm-vdab',
      '1.0.0', '{insz,tenantRef,tenantGround,referenceDate,targetGroup}', $1, 'detection', $3,
      '{"id": "tenants-with-labour-potential", "version": "1.0"}', now(), current_date, 'synthetic', 1, 0
    FROM generate_series(1, $2::int) AS n RETURNING id)
  INSERT INTO hand_over (id, message_id, destination, kind, event, items, state, due_at, created_at)
  SELECT 'del_01' || upper(substr(md5(id), 1, 24)), id, $1, 'event', 'be.huisbrug.interaction.expired',
    1, 'queued', now(), now() FROM message`

/** How many hand-overs of messages are in each state, with the reason where they are held. */
export async function states(gateway: TestGateway, company?: Company) {
  const { rows } = await gateway.db.pool.query<{ state: string; count: number }>(
    `SELECT state || coalesce(' ' || CASE WHEN state IN ('held', 'withdrawn') THEN reason END, '') AS state,
       count(*)::int AS count
     FROM hand_over WHERE message_id IS NOT NULL AND ($1::text IS NULL OR destination = $1) GROUP BY 1`,
    [company],
  )
  return Object.fromEntries(rows.map(row => [row.state, row.count]))
}

/** Counts the entries of a kind, by code. */
export async function countEntries(gateway: TestGateway, action: string, code?: string) {
  const { rows } = await gateway.db.pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (
       SELECT action, code FROM audit_entry UNION ALL SELECT action, code FROM audit_pending) AS e
     WHERE action = $1 AND ($2::text IS NULL OR code = $2)`,
    [action, code],
  )
  return rows[0]?.count ?? 0
}

/** Looks at the balance again and again; what was out of balance is kept. */
export function watchBalance(gateway: TestGateway): {
  samples: () => number
  stop(): Promise<void>
} {
  let stopped = false
  let samples = 0
  const broken: unknown[] = []
  const running = (async () => {
    while (!stopped) {
      const balances = await readBalances(gateway.db.pool)
      broken.push(...balances.filter(balance => !balance.balanced))
      samples++
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  })()
  return {
    samples: () => samples,
    stop: async () => {
      stopped = true
      await running
      expect(broken).toEqual([])
    },
  }
}

/** Every item is in one place. */
export async function assertBalanced(gateway: TestGateway): Promise<void> {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
}

export function untilStates(
  gateway: TestGateway,
  what: string,
  test: (found: Record<string, number>) => boolean,
  seconds = 40,
): Promise<boolean | undefined> {
  return until(what, async () => test(await states(gateway)), seconds)
}

export const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
