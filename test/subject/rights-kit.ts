import { readBalances } from '../../src/exchange/conservation.ts'
import type { RightsRequest } from '../../src/subject/request.ts'
import { mayBeBlind } from '../blind-sender/support.ts'
import { openWelfare, type Welfare } from '../messages/welfare.ts'
import { accedeWithQuota } from '../published-keys/quota.ts'
import { openDomain, TODAY } from '../support/detection.ts'
import { until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'

export const FIRST = 'wm-vdab/1/1'

/** Two protocols, one of them with blind senders as well, and an answer per person in the other. */
export async function openRightsWorld(inRegister: number[]): Promise<Welfare> {
  const world = await openWelfare(inRegister.map(syntheticNumber), { framework: mayBeBlind })
  const { gateway } = world
  await accedeWithQuota(gateway, 'leefgoed', { registerSize: 10_000, dailyAllowance: 100 })
  await openDomain(gateway)
  return world
}

let nextCase = 1

/** What a privacy officer asks about person `index`. */
export function request(index: number, changes: Partial<RightsRequest> = {}): RightsRequest {
  return {
    insz: syntheticNumber(index),
    caseRef: `GDPR-2026-${nextCase++}`,
    reason: 'Verzoek van de betrokkene',
    by: { role: 'privacy-officer', client: 'ses_test' },
    at: new Date(),
    ...changes,
  }
}

export async function assertBalanced({ gateway }: Welfare): Promise<void> {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
}

/** The counted hand-overs of a message. */
export async function partsOf({ gateway }: Welfare, messageId: string) {
  const { rows } = await gateway.db.pool.query(
    `SELECT state, reason, items, withdrawn FROM hand_over
     WHERE message_id = $1 AND counted ORDER BY id`,
    [messageId],
  )
  return rows
}

/** Waits until the first hand-over of a message is in a state, and no worker has it in hand. */
export function untilIn({ gateway }: Welfare, messageId: string, state: string) {
  return until(`${messageId} is ${state}`, async () => {
    const { rows } = await gateway.db.pool.query(
      'SELECT FROM hand_over WHERE message_id = $1 AND state = $2 AND claimed_until IS NULL',
      [messageId, state],
    )
    return rows.length > 0
  })
}

/** Everything goes again, and what waited is due now. */
export async function recover({ gateway, hook }: Welfare): Promise<void> {
  for (const peer of [gateway.vdab, hook, ...Object.values(gateway.hooks)])
    peer.reply = () => ({ status: 202, body: {} })
  await gateway.db.pool.query('DELETE FROM circuit')
  await gateway.db.pool.query("UPDATE hand_over SET due_at = now() WHERE state = 'retrying'")
}

/** The tag that woonboog's route has for a reference of a person that was sent last. */
export async function newestTag({ gateway }: Welfare, domain: string): Promise<string> {
  const { rows } = await gateway.db.pool.query(
    `SELECT d.tag FROM detection_row d JOIN message m ON m.id = d.message_id
     WHERE m.domain = $1 ORDER BY m.id DESC LIMIT 1`,
    [domain],
  )
  return rows[0].tag.toString('base64url')
}

/** Feedback of VDAB about tags of wm-vdab. */
export function report({ gateway }: Welfare, domain: string, tags: string[]) {
  return gateway.clients.vdab.feedback({
    protocol: 'wm-vdab',
    domain,
    items: tags.map(tag => ({
      tag,
      reachability: 'hard-to-reach' as const,
      establishedOn: TODAY,
    })),
  })
}

/** The actions of entries, sequenced or not, with what they say, oldest first. */
export async function entriesSaying({ gateway }: Welfare, action: string) {
  const { rows } = await gateway.db.pool.query<{ entry: Buffer }>(
    `SELECT entry, at FROM audit_entry WHERE action = $1
     UNION ALL SELECT entry, at FROM audit_pending WHERE action = $1 ORDER BY at`,
    [action],
  )
  return rows.map(row => JSON.parse(row.entry.toString('utf8')))
}
