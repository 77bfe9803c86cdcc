import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { readBalances } from '../../src/exchange/conservation.ts'
import { TODAY } from '../support/detection.ts'
import { type PartyId, resign, type TestGateway } from '../support/gateway.ts'
import { call, type RawReply, tokenFor } from '../support/raw.ts'

const DAY_MS = 86_400_000
const tokens = new WeakMap<TestGateway, Map<PartyId, Promise<string>>>()

/** A party's token, asked for once a gateway. */
export function tokenOf(gateway: TestGateway, party: PartyId): Promise<string> {
  const known = tokens.get(gateway) ?? new Map<PartyId, Promise<string>>()
  tokens.set(gateway, known)
  const token = known.get(party) ?? tokenFor(gateway, party)
  known.set(party, token)
  return token
}

export const nonce = () => randomBytes(32).toString('base64url')

/** A post of a party, with a nonce and a key of its own where none is given. */
export async function post(
  gateway: TestGateway,
  party: PartyId,
  path: string,
  body: object,
  key: string = randomUUID(),
): Promise<RawReply> {
  const token = await tokenOf(gateway, party)
  return call(gateway, 'POST', path, { token, key, body: { nonce: nonce(), ...body } })
}

/** Closes this period of a company, as it would. */
export async function closePeriod(
  gateway: TestGateway,
  party: PartyId,
  period: string,
): Promise<RawReply> {
  const token = await tokenOf(gateway, party)
  const body = { protocol: 'wm-vdab', period }
  return call(gateway, 'POST', '/v1/periods/close', { token, body })
}

/** How often each status and code came, such as `202` or `409 HB-502`. */
export function tally(replies: RawReply[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, body } of replies) {
    const name = body.code ? `${status} ${body.code}` : `${status}`
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** The tags of a request that is not answered yet. */
export async function tagsOf(gateway: TestGateway, messageId: string): Promise<string[]> {
  const { rows } = await gateway.db.pool.query<{ tag: Buffer }>(
    'SELECT tag FROM detection_row WHERE message_id = $1 ORDER BY tag',
    [messageId],
  )
  return rows.map(row => row.tag.toString('base64url'))
}

/** Feedback of VDAB about these tags. */
export async function giveFeedback(gateway: TestGateway, tags: string[]) {
  const { rows } = await gateway.db.pool.query<{ name: string }>(
    "SELECT name FROM domain WHERE protocol = 'wm-vdab'",
  )
  return gateway.clients.vdab.feedback({
    protocol: 'wm-vdab',
    domain: rows[0]!.name,
    items: tags.map(tag => ({
      tag,
      reachability: 'hard-to-reach' as const,
      establishedOn: TODAY,
    })),
  })
}

export interface StoredHandOver {
  id: string
  state: string
  reason: string | null
  attempts: number
  items: number
  withdrawn: number
}

/** The hand-overs of a message, oldest first. */
export async function handOversOf(
  gateway: TestGateway,
  messageId: string,
): Promise<StoredHandOver[]> {
  const { rows } = await gateway.db.pool.query<StoredHandOver>(
    `SELECT id, state, reason, attempts, items, withdrawn FROM hand_over
     WHERE message_id = $1 ORDER BY id`,
    [messageId],
  )
  return rows
}

/** Whether a message's first hand-over is in this state now. */
export async function isIn(
  gateway: TestGateway,
  messageId: string,
  state: string,
): Promise<boolean> {
  return (await handOversOf(gateway, messageId))[0]?.state === state
}

/** Makes what waits for another try due now. */
export async function hurry(gateway: TestGateway): Promise<void> {
  await gateway.db.pool.query('DELETE FROM circuit')
  await gateway.db.pool.query("UPDATE hand_over SET due_at = now() WHERE state = 'retrying'")
}

/** The entries of a kind about a message, whether they have a place in the log yet or not. */
export async function entriesOf(
  gateway: TestGateway,
  messageId: string,
  action: string,
): Promise<Record<string, unknown>[]> {
  const { rows } = await gateway.db.pool.query<{ entry: Buffer }>(
    `SELECT entry FROM audit_entry WHERE message_id = $1 AND action = $2
     UNION ALL SELECT entry FROM audit_pending WHERE message_id = $1 AND action = $2`,
    [messageId, action],
  )
  return rows.map(row => JSON.parse(row.entry.toString('utf8')))
}

/** Ends tenancies of a company today. */
export function endTenancies(
  gateway: TestGateway,
  party: 'woonboog' | 'leefgoed' | 'de-noorderkempen',
  people: { tenantRef: string }[],
) {
  const items = people.map(({ tenantRef }) => ({ tenantRef, endedOn: TODAY }))
  return gateway.clients[party].tenanciesEnded({ protocol: 'wm-vdab', items })
}

/** An instant some days ago. */
export function daysAgo(days: number): Date {
  return new Date(Date.now() - days * DAY_MS)
}

/** Sets the suspensions of a protocol or an accession; none resumes it. */
export async function suspend(
  gateway: TestGateway,
  protocol: string,
  ...spans: { from: Date; until: Date | null }[]
): Promise<void> {
  resign(join(gateway.protocolsDir, protocol), record => {
    record.suspensions = spans.map(({ from, until }) => ({
      from: from.toISOString(),
      until: until?.toISOString() ?? null,
      by: 'vdab',
      reason: 'test',
    }))
  })
  await gateway.context.protocols.reload()
}

/** Keeps the gateway from doing what is due by time, for a test that does it by itself; gives how to end it. */
export async function holdSettling({ db }: TestGateway): Promise<() => Promise<void>> {
  const client = await db.pool.connect()
  const key = "hashtextextended('huisbrug settle', 0)"
  await client.query(`SELECT pg_advisory_lock(${key})`)
  return async () => {
    await client.query(`SELECT pg_advisory_unlock(${key})`)
    client.release()
  }
}

/** Every item is in one place, and only one. */
export async function assertConserved(gateway: TestGateway): Promise<void> {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
}
