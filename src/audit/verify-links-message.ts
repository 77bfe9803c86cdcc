import type { Queryable } from '../db/pool.ts'
import { parseEntry } from './entry.ts'
import { leafHash } from './merkle.ts'
import type { AuditEntry } from './types.ts'
import type { VerifyReceipt } from './verify-receipts.ts'
import type { Problem } from './verify-report.ts'

interface MessageRow {
  id: string
  type: string
  protocol: string | null
  version: string | null
  protocolDigest: string | null
  fields: string[] | null
  party: string
  purpose: string | null
  receivedAt: Date
  receivedDay: string
  digest: string
  accepted: number
  refused: number
  code: string | null
  receipt: string | null
}

interface Received {
  index: number | null
  messageId: string
  entry: Buffer
}

/**
 * Holds messages against the entry in which each was accepted or refused, and against its receipt:
 * one entry for each, and the same party, type, protocol, purpose, fields, counts, code and time.
 */
export async function checkMessages(
  db: Queryable,
  ids: readonly string[],
  verifyReceipt: VerifyReceipt | undefined,
): Promise<Problem[]> {
  // The rows first: the entry of a message commits with it, so it is there for whoever saw the row.
  const { rows: messages } = await db.query<MessageRow>(MESSAGES, [ids])
  const { rows: entries } = await db.query<Received>(RECEIVED, [ids])
  const byMessage = Map.groupBy(entries, entry => entry.messageId)
  const problems: Problem[] = []
  for (const row of messages) {
    const [first, second] = byMessage.get(row.id) ?? []
    const fault = (kind: Problem['kind'], what: string, index = first?.index) =>
      problems.push({ kind, message: row.id, what, ...(typeof index === 'number' && { index }) })
    if (!first) fault('unlinked', 'a message without the entry of its receipt')
    else if (second) fault('unlinked', 'a second entry says how it was received', second.index)
    else {
      const name = await findDifference(row, first.entry, verifyReceipt)
      if (name) fault('row-changed', `the message says another ${name} than its entry`)
    }
  }
  return problems
}

async function findDifference(
  row: MessageRow,
  bytes: Buffer,
  verifyReceipt: VerifyReceipt | undefined,
): Promise<string | undefined> {
  const entry = parseOrUndefined(bytes)
  // Not an entry: the check of the log names that.
  if (!entry) return undefined
  return (
    differing(expectedRow(entry), rowAsSaid(row)) ??
    (await findInReceipt(row, bytes, verifyReceipt))
  )
}

function parseOrUndefined(bytes: Buffer): AuditEntry | undefined {
  try {
    return parseEntry(bytes)
  } catch {
    return undefined
  }
}

function expectedRow({ at, action, decision, actor, counts, code, ...entry }: AuditEntry) {
  const accepted = counts?.['accepted'] ?? 0
  return {
    type: entry.message?.type,
    party: actor.party,
    protocol: entry.protocol?.id ?? null,
    'version of the protocol': entry.protocol?.version ?? null,
    'digest of the protocol': entry.protocol?.digest ?? null,
    purpose: entry.purpose ?? null,
    'list of fields': entry.fields?.join(' ') ?? null,
    'number of items': `${accepted} ${counts?.['refused'] ?? 0}`,
    // An entry with accepted items has the code of the first that was refused; the row has none.
    code: counts && 'accepted' in counts ? null : (code ?? null),
    time: at,
    day: at.slice(0, 10),
    decision: `${action} ${decision}`,
  }
}

function rowAsSaid(row: MessageRow): ReturnType<typeof expectedRow> {
  return {
    type: row.type,
    party: row.party,
    protocol: row.protocol,
    'version of the protocol': row.version,
    'digest of the protocol': row.protocolDigest,
    purpose: row.purpose,
    'list of fields': row.fields?.join(' ') ?? null,
    'number of items': `${row.accepted} ${row.refused}`,
    code: row.code,
    time: row.receivedAt.toISOString(),
    day: row.receivedDay,
    decision: row.accepted > 0 ? 'message.accepted allowed' : 'message.refused refused',
  }
}

function differing<T extends object>(expected: T, found: T): string | undefined {
  return (Object.keys(expected) as (keyof T & string)[]).find(
    name => expected[name] !== found[name],
  )
}

async function findInReceipt(
  row: MessageRow,
  entry: Buffer,
  verifyReceipt: VerifyReceipt | undefined,
): Promise<string | undefined> {
  if (!verifyReceipt) return undefined
  const said = await verifyReceipt(row.receipt ?? '').catch(() => undefined)
  if (!said) return 'receipt'
  const expected = {
    'message in its receipt': row.id,
    'sender in its receipt': row.party,
    'type in its receipt': row.type,
    'entry in its receipt': leafHash(entry).toString('base64url'),
    'digest in its receipt': said['digest'] === undefined ? undefined : row.digest,
  }
  return differing(expected, {
    'message in its receipt': said['messageId'],
    'sender in its receipt': said['sub'],
    'type in its receipt': said['type'],
    'entry in its receipt': said['entryCommitment'],
    'digest in its receipt': said['digest'],
  } as typeof expected)
}

const MESSAGES = `
  SELECT m.id, m.type, m.protocol, m.protocol_version AS version,
    m.protocol_digest AS "protocolDigest", m.fields, m.party_id AS party, m.purpose,
    m.received_at AS "receivedAt", to_char(m.received_day, 'YYYY-MM-DD') AS "receivedDay", m.digest,
    m.accepted, m.refused, m.code, m.receipt
  FROM message m
  WHERE m.id = ANY($1) ORDER BY m.id`

const RECEIVED = `
  SELECT index, message_id AS "messageId", entry FROM audit_entry
  WHERE message_id = ANY($1) AND action IN ('message.accepted', 'message.refused')
  UNION ALL
  SELECT NULL, message_id, entry FROM audit_pending
  WHERE message_id = ANY($1) AND action IN ('message.accepted', 'message.refused')
  ORDER BY 1`
