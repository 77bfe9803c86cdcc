import { actorOf } from '../../access/scope.ts'
import { checkEntry, type EntryCheck } from '../../audit/check-entry.ts'
import { entryAt, latestCheckpoint, type PlacedEntry, proofOfEntry } from '../../audit/query.ts'
import { recordEntry } from '../../audit/record.ts'
import type { AuditEntry } from '../../audit/types.ts'
import type { Pool } from '../../db/pool.ts'
import type { ConsoleDeps } from '../deps.ts'
import { format } from '../format.ts'
import { type Drawing, type Page, PageProblem, type PageRequest } from '../page.ts'
import { partyNames } from '../reads/messages.ts'
import { type NameOfType, namesOfTypes } from '../reads/type-names.ts'
import { explainCode, explainReason, explainRemedy, sentenceOf } from '../sentence.ts'
import { texts } from '../texts/index.ts'
import { wordFor, words } from '../texts/words.ts'
import { recordViewing } from '../viewing.ts'

const INDEX = /^(0|[1-9]\d{0,14})$/

/** /console/auditlog/:index: one entry, its leaf hash and its proof. Reading it is an entry too. */
export const entryPage: Page = {
  method: 'get',
  path: '/auditlog/:index',
  operation: 'evidence:read',
  own: true,
  nav: 'auditLog',
  answer: (deps, request) => drawEntry(deps, request),
}

/** POST …/controle: checks this one entry and says what was checked; the check is an entry too. */
export const checkEntryPage: Page = {
  method: 'post',
  path: '/auditlog/:index/controle',
  operation: 'evidence:read',
  own: true,
  nav: 'auditLog',
  answer: async (deps, request) => {
    const { index } = await entryOf(deps, request)
    const keys = [await deps.verifierKey()].flat()
    const checks = (await checkEntry(deps.pool, index, keys)) ?? []
    const problems = checks.filter(({ outcome }) => outcome === 'bad').length
    await recordEntry(deps.pool, {
      action: 'console.verified',
      at: request.at,
      actor: actorOf(request.session),
      counts: { entries: 1, problems },
      reason: problems === 0 ? 'intact' : 'broken',
    })
    return drawEntry(deps, request, { checks, isGood: problems === 0, key: keys[0] ?? '' })
  },
}

interface Checked {
  checks: EntryCheck[]
  isGood: boolean
  key: string
}

async function entryOf(
  { pool }: ConsoleDeps,
  { params, scope }: PageRequest,
): Promise<PlacedEntry> {
  const index = params['index'] ?? ''
  const placed = INDEX.test(index) ? await entryAt(pool, Number(index), scope) : undefined
  if (!placed) throw new PageProblem('not-found')
  return placed
}

async function drawEntry(
  deps: ConsoleDeps,
  request: PageRequest,
  checked?: Checked,
): Promise<Drawing> {
  const placed = await entryOf(deps, request)
  const { entry, commitment } = placed
  await recordViewing(deps, request, {
    details: { entry: placed.index },
    ...(entry.message && { message: entry.message }),
  })
  const names = await partyNames(deps.pool, request.scope)
  return {
    view: 'entry',
    title: texts().auditLog.entry.title(format.number(placed.index)),
    model: {
      index: placed.index,
      checked,
      entry,
      commitment,
      sentence: sentenceOf(entry, names),
      facts: factsOf(entry, names, namesOfTypes(deps.protocols.current())),
      raw: JSON.stringify(entry, null, 2),
      proof: await readProof(deps.pool, placed),
    },
  }
}

/** The inclusion proof as text, or undefined until a checkpoint covers the entry. */
async function readProof(pool: Pool, { index }: PlacedEntry): Promise<object | undefined> {
  const checkpoint = await latestCheckpoint(pool)
  if (!checkpoint || checkpoint.size <= index) return undefined
  const proof = await proofOfEntry(pool, index)
  const [, size, root] = proof.checkpoint.split('\n')
  const hashes = proof.hashes.map(hash => hash.toString('base64'))
  return { hashes, size: Number(size), root, checkpoint: proof.checkpoint }
}

interface Fact {
  name: string
  value: string
  href?: string
  /** A value for machines, such as a digest. */
  code?: true
}

/** All that an entry says, in reading order, with what is empty left out. */
function factsOf(
  entry: AuditEntry,
  names: ReadonlyMap<string, string>,
  nameOfType: NameOfType,
): Fact[] {
  const text = texts().auditLog.entry
  const { actor, message, protocol, counts, subjects } = entry
  const nameOf = (party: string) => names.get(party) ?? party
  return [
    ...fact(text.at, format.moment(new Date(entry.at))),
    ...fact(text.action, wordFor(words.actions, entry.action)),
    ...fact(text.actor, actorText(actor, nameOf)),
    ...fact(text.client, actor.client, { code: true }),
    ...fact(text.message, message?.id, { code: true, href: `/berichten/${message?.id}` }),
    ...fact(text.messageType, message && nameOfType(message.type, protocol?.id)),
    ...fact(
      text.protocol,
      protocol && texts().messages.journey.version(protocol.id, protocol.version),
      {
        href: `/protocollen/${protocol?.id}`,
      },
    ),
    ...fact(text.digest, protocol?.digest, { code: true }),
    ...fact(text.purpose, entry.purpose),
    ...fact(text.fields, entry.fields?.join(', ')),
    ...fact(text.counts, counts && countsText(counts)),
    ...fact(text.recipient, entry.recipient && nameOf(entry.recipient)),
    ...fact(text.decision, entry.decision && wordFor(words.decisions, entry.decision)),
    ...fact(text.rule, entry.rule),
    ...fact(text.code, entry.code && `${entry.code}: ${explainCode(entry.code)}`),
    ...fact(text.remedy, entry.code && explainRemedy(entry.code)),
    ...fact(text.reason, entry.reason && explainReason(entry.reason)),
    ...fact(text.subjects, subjects && text.subjectsText(format.number(subjects.count))),
    ...fact(text.details, entry.details, { code: true }),
    ...fact(text.id, entry.id, { code: true }),
  ]
}

function fact(
  name: string,
  value: string | undefined,
  more: Pick<Fact, 'href' | 'code'> = {},
): Fact[] {
  return value ? [{ name, value, ...more }] : []
}

function actorText(actor: AuditEntry['actor'], nameOf: (party: string) => string): string {
  const role = wordFor({ ...words.roles, ...words.partyKinds }, actor.role)
  return actor.party ? `${nameOf(actor.party)} (${role})` : role
}

function countsText(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${wordFor(words.counts, name)}: ${format.number(count)}`)
    .join(', ')
}
