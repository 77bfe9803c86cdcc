import { parseEntry } from '../audit/entry.ts'
import { recordEntry } from '../audit/record.ts'
import type { Actor } from '../audit/types.ts'
import type { Config } from '../config.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Pool, type Queryable, type Tx } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import type { ProtocolSet } from '../protocol/versions.ts'
import { parseNationalNumber } from '../pseudonym/national-number.ts'
import { subjectTagOf } from '../pseudonym/subject-tag.ts'
import { type Act, assertReason, type By, withApproval } from './approval.ts'
import type { PersonParts } from './person.ts'
import { bareProof, fullProofs, type UsageProof } from './usage-proof.ts'
import { findUsages, spanOfLog, type UsageRow } from './usage-store.ts'
import { findTenant } from './usage-tenant.ts'
import { factsOf, type UsageWords, wordsOf } from './usage-words.ts'

/** Which usages: in a period, newest first, from `offset` on, at most `limit` (1 to 1,000). */
export interface UsagePage {
  /** Not before this instant, RFC 3339. */
  from?: string
  /** Before this instant; now where left out. */
  until?: string
  offset?: number
  limit?: number
}

/** One use of data about a person (Data Tracker, findUsage v2). */
export interface Usage extends UsageWords {
  logtime: string
  protocol: { id: string; version: string; digest: string } | null
  /** Enterprise number; null where the data stayed in the gateway. */
  receiverCode: string | null
  receiverName: string
  /** Id of the party, or `huisbrug`. */
  receiverSystem: string
  /** The reason that a person gave for searching on the person. */
  reason?: string
  proof: UsageProof
}

export interface UsageReport {
  totalUsages: number
  /** What was looked at: from the oldest entry or the asked instant on. */
  usagePeriod: { from: string; until: string }
  /** Until when the log is signed: what is younger may still be on its way. */
  heartbeat: string | null
  usages: Usage[]
  /** What to repeat the call with for the next page; absent on the last one. */
  next?: { until: string; offset: number }
}

/** What finding usages needs of the gateway. */
export type UsageParts = Pick<
  Context,
  'pool' | 'evaluator' | 'protocols' | 'domains' | 'keys' | 'config'
>

/** What a privacy officer's question needs of it. */
export interface OfficerParts extends PersonParts {
  pool: Pool
  protocols: { current(): ProtocolSet }
  config: Pick<Config, 'fourEyes'>
}

/** What a privacy officer asks: about whom, and why. */
export interface OfficerQuestion extends UsagePage {
  /** National number, eleven digits or the display form; used here and kept nowhere. */
  insz: string
  /** 1 to 500 characters, without a national number; kept as evidence that the person may see. */
  reason: string
  /** The approval of a second person, where four eyes are set. */
  approval?: string
}

const DEFAULT_LIMIT = 100
const GATEWAY = { receiverCode: null, receiverName: 'Huisbrug', receiverSystem: 'huisbrug' }

/**
 * Everything the log says about a person, by national number: across protocols and key epochs; for the
 * officer of one party no more than that party may read of a tenant by its reference. That it was read is
 * an entry about the person, in the same transaction.
 * @throws Refusal HB-114 the officer of a party that is no housing company, HB-401 the number, HB-202
 *   reason or period, HB-904 keys not reachable; those of withApproval
 */
export async function usageByNumber(
  parts: OfficerParts,
  question: OfficerQuestion,
  by: By,
  at: Date,
): Promise<UsageReport> {
  const { insz, reason, approval } = question
  assertReason(reason, at)
  await assertMaySearch(parts.pool, by.party)
  const page = readPage(question, at)
  const number = parseNationalNumber(insz, at.toISOString().slice(0, 10))
  if (number === undefined) throw refuse('HB-401', '/insz', 'national register number, modulo 97')
  await parts.domains.ensureSubjectKey()
  const tag = await subjectTagOf(parts.evaluator, number)
  const act: Act = {
    operation: 'subject-usage',
    about: tag,
    subjects: [tag],
    reason,
    by,
    at,
    approval,
  }
  return withApproval(parts, act, async tx => {
    const search = { tags: [tag], party: by.party, ...page }
    const found = await findUsages(tx, search, factsOf(parts.protocols.current()))
    const isOfAll = by.party === undefined
    const proofs = isOfAll ? await fullProofs(tx, found.rows, tag) : found.rows.map(bareProof)
    await noteSearch(tx, { by, at, tags: [tag], reason, count: found.rows.length })
    return report(parts, tx, { ...found, proofs, page, from: question.from })
  })
}

/**
 * What a housing company sent or got about a current tenant of its own. Nothing in it depends on whether
 * the employment service knows the tenant, but for the feedback that the company got (invariant 8).
 * @throws Refusal HB-406 where there is no such tenant, HB-202 for the period
 */
export async function usageByReference(
  parts: UsageParts,
  question: UsagePage & { tenantRef: string },
  { party, role }: Actor & { party: string },
  at: Date,
): Promise<UsageReport> {
  const page = readPage(question, at)
  const tags = await findTenant(parts, party, question.tenantRef)
  if (tags.length === 0) throw refuse('HB-406', '/tenantRef', 'a current tenant of the sender')
  return inTransaction(parts.pool, async tx => {
    const search = { tags, party, ...page }
    const found = await findUsages(tx, search, factsOf(parts.protocols.current()))
    const proofs = found.rows.map(bareProof)
    await noteSearch(tx, { by: { party, role }, at, tags, count: found.rows.length })
    return report(parts, tx, { ...found, proofs, page, from: question.from })
  })
}

// Who receives may not search, and neither may its officer.
async function assertMaySearch(db: Queryable, party: string | undefined): Promise<void> {
  if (party === undefined) return
  const { rows } = await db.query<{ kind: string }>('SELECT kind FROM party WHERE id = $1', [party])
  if (rows[0]?.kind !== 'housing-company') throw refuse('HB-114', '', 'access: usage:search')
}

type Page = { from: Date | undefined; until: Date; offset: number; limit: number }

/** @throws Refusal HB-202 where the period ends before it begins */
function readPage({ from, until, offset = 0, limit = DEFAULT_LIMIT }: UsagePage, at: Date): Page {
  const start = from === undefined ? undefined : new Date(from)
  const asked = until === undefined ? at : new Date(until)
  const end = asked < at ? asked : at
  if (start && start > end) throw refuse('HB-202', '/from', 'a period that begins before it ends')
  return { from: start, until: end, offset, limit }
}

async function noteSearch(
  tx: Tx,
  search: { by: Actor; at: Date; tags: Uint8Array[]; reason?: string; count: number },
): Promise<void> {
  const { by, at, tags, reason, count } = search
  await recordEntry(tx, {
    action: 'subject.searched',
    at,
    actor: by,
    decision: 'allowed',
    counts: { entries: count },
    subjects: tags,
    ...(reason !== undefined && { details: { reason: reason.trim() } }),
  })
}

interface Found {
  total: number
  rows: UsageRow[]
  proofs: UsageProof[]
  page: Page
  from: string | undefined
}

async function report(
  parts: Pick<OfficerParts, 'protocols'>,
  tx: Tx,
  found: Found,
): Promise<UsageReport> {
  const { total, rows, proofs, page } = found
  const parties = await receiversOf(tx)
  const { oldest, signed } = await spanOfLog(tx)
  const shown = page.offset + rows.length
  const until = page.until.toISOString()
  return {
    totalUsages: total,
    usagePeriod: { from: (page.from ?? oldest ?? page.until).toISOString(), until },
    heartbeat: signed?.toISOString() ?? null,
    usages: rows.map((row, place) => ({
      ...usageOf(parts, row, parties),
      proof: proofs[place] ?? bareProof(row),
    })),
    ...(rows.length > 0 && shown < total && { next: { until, offset: shown } }),
  }
}

type Receiver = Pick<Usage, 'receiverCode' | 'receiverName' | 'receiverSystem'>

async function receiversOf(tx: Tx): Promise<Map<string, Receiver>> {
  const { rows } = await tx.query<{ id: string; name: string; kbo: string }>(
    'SELECT id, name, kbo FROM party',
  )
  return new Map(
    rows.map(({ id, name, kbo }) => [
      id,
      { receiverCode: kbo, receiverName: name, receiverSystem: id },
    ]),
  )
}

// The entries with which data left; all else stayed in the gateway.
const LEFT: ReadonlySet<string> = new Set(['message.forwarding', 'message.delivered'])

function usageOf(
  { protocols }: Pick<OfficerParts, 'protocols'>,
  row: UsageRow,
  parties: Map<string, Receiver>,
): Omit<Usage, 'proof'> {
  const entry = parseEntry(row.entry)
  const to = LEFT.has(entry.action) ? entry.recipient : searcherOf(entry)
  const nameOf = (party: string) => parties.get(party)?.receiverName ?? party
  const { protocol: id, protocolVersion: version, protocolDigest: digest } = row
  const reason = reasonOf(entry.action, row)
  return {
    logtime: entry.at,
    ...wordsOf(protocols.current(), entry, row, nameOf),
    protocol: id && version && digest ? { id, version, digest } : null,
    ...((to !== undefined && parties.get(to)) || GATEWAY),
    ...(reason !== undefined && { reason }),
  }
}

/** Who searches on a person gets what the log says. */
function searcherOf({ action, actor }: ReturnType<typeof parseEntry>): string | undefined {
  return action === 'subject.searched' ? actor.party : undefined
}

function reasonOf(action: string, { details, named }: UsageRow): string | undefined {
  if (!named || details === null || action.startsWith('message.')) return undefined
  const { reason } = JSON.parse(details) as { reason?: unknown }
  return typeof reason === 'string' ? reason : undefined
}
