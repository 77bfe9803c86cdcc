import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { verifyEvidence } from '../../src/audit/verify-evidence.ts'
import type { HuisbrugClient } from '../../src/client/index.ts'
import type { CountsData, ReachabilityData } from '../../src/client/types.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import type { Store } from '../../src/parts.ts'
import { scanForLeaks } from '../../src/sandbox/leak-scan.ts'
import { syntheticNumber } from '../support/people.ts'
import { type Books, COMPANIES, isClient } from './books.ts'
import type { System } from './system.ts'

/** What is still on its way, by what it is; empty once all has settled. */
export async function readUnsettled(store: Store): Promise<Record<string, number>> {
  const { rows } = await store.pool.query<{ what: string; count: number }>(
    `SELECT 'hand-over ' || state AS what, count(*)::int FROM hand_over
       WHERE state NOT IN ('delivered', 'parked', 'withdrawn', 'expired') GROUP BY 1
     UNION ALL SELECT 'request ' || answer_state, count(*)::int FROM message
       WHERE answer_state = 'awaiting' GROUP BY 1
     UNION ALL SELECT 'audit entry without place', count(*)::int FROM audit_pending HAVING count(*) > 0`,
  )
  return Object.fromEntries(rows.map(({ what, count }) => [what, count]))
}

/** Protocol-days out of balance at this instant. */
export async function readImbalance(store: Store): Promise<string[]> {
  const balances = await readBalances(store.pool)
  return balances.filter(it => !it.balanced).map(it => `${it.protocol} ${it.day} out of balance`)
}

/** Compares what senders have receipts for with what receivers hold. @returns what is wrong */
export function compareBooks(books: Books): string[] {
  return [
    ...wrongRequests(books),
    ...wrongFeedback(books),
    ...wrongEndings(books),
    ...wrongMonths(books),
  ]
}

function wrongRequests({ named, requests, receipts }: Books): string[] {
  const wrong: string[] = []
  for (const [messageId, { persons }] of named) {
    const taken = requests.get(messageId)
    if (receipts.get(messageId)?.accepted !== persons.length) wrong.push(`${messageId}: items lack`)
    if (!taken) wrong.push(`${messageId}: accepted, and never came to VDAB`)
    else if (taken.rows !== persons.length) wrong.push(`${messageId}: rows lack or are too many`)
    else if (listOf(taken.persons) !== listOf(persons.filter(isClient))) {
      wrong.push(`${messageId}: other persons than were sent`)
    }
  }
  for (const id of requests.keys()) if (!named.has(id)) wrong.push(`${id}: came without a receipt`)
  return wrong
}

function wrongFeedback({ events, fedBack, named, progressed }: Books): string[] {
  const companyOf = new Map([...named.values()].flatMap(it => it.persons.map(p => [p, it.company])))
  const expected = listOf(fedBack.map(person => `${companyOf.get(person)} tenant-${person}`))
  const told = [...events].flatMap(([company, own]) =>
    [...own.values()]
      .filter(event => event.type === 'be.huisbrug.feedback.reachability')
      .map(({ data }) => ({ company, ...(data as unknown as ReachabilityData) })),
  )
  const held = listOf(told.map(it => `${it.company} ${it.tenantRef}`))
  const steps = told.flatMap(it => [`${it.feedbackId}.taken-up`, `${it.feedbackId}.closed`])
  return [
    ...(held === expected
      ? []
      : [`feedback: ${fedBack.length} sent, ${told.length} came, or to others`]),
    ...(listOf(steps) === listOf(progressed) ? [] : ['progress: not each step once']),
  ]
}

function wrongEndings({ endings, ended }: Books): string[] {
  const came = [...endings.values()].flatMap(it => it.persons)
  return listOf(came) === listOf(ended)
    ? []
    : [`tenancies ended: ${ended.length} accepted, ${came.length} came, or others`]
}

function wrongMonths({ events, named }: Books): string[] {
  return COMPANIES.flatMap(company => {
    const own = [...(events.get(company)?.values() ?? [])]
    const months = own.filter(event => event.type === 'be.huisbrug.detection.answered')
    const asked = [...named.values()].filter(it => it.company === company)
    const persons = asked.reduce((sum, it) => sum + it.persons.length, 0)
    const [month] = months.map(event => event.data as unknown as CountsData)
    const right = persons === 0 || (months.length === 1 && month?.tenants === persons)
    return right ? [] : [`${company}: the number of the month did not come once, about all`]
  })
}

function listOf(list: readonly (string | number)[]): string {
  return list.toSorted().join()
}

/** Compares what senders have receipts for with the rows, and looks for what stands still. */
export async function checkRows(store: Store, books: Books): Promise<string[]> {
  const { rows: messages } = await store.pool.query<{ id: string; accepted: number }>(
    `SELECT id, accepted FROM message WHERE accepted > 0 AND party_id = ANY($1)`,
    [['vdab', ...COMPANIES]],
  )
  const rows = new Map(messages.map(it => [it.id, it.accepted]))
  const receipted = [...books.receipts].filter(
    ([id, { accepted }]) => accepted > 0 && rows.get(id) !== accepted,
  )
  const unknown = messages.filter(({ id }) => !books.receipts.has(id))
  const { rows: stopped } = await store.pool.query<{ state: string; count: number }>(
    `SELECT state, count(*)::int FROM hand_over WHERE state <> 'delivered' GROUP BY 1`,
  )
  return [
    ...receipted.map(([id]) => `${id}: a receipt, and not so in the record`),
    ...unknown.map(({ id }) => `${id}: in the record, and its sender has no receipt`),
    ...stopped.map(({ state, count }) => `${count} hand-overs ${state}`),
    ...(await readImbalance(store)),
  ]
}

/** `huisbrug audit verify`, and whether the receipts have their proofs. */
export async function checkEvidence(
  store: Store,
  books: Books,
  vdab: HuisbrugClient,
): Promise<{ entries: number; wrong: string[] }> {
  const key = await loadLogVerifierKey(store.keys, store.config.logOrigin)
  const report = await verifyEvidence(store.pool, key)
  const wrong = report.problems.map(
    ({ index, message, kind, what }) => `audit ${index ?? message ?? '-'}: ${kind}, ${what}`,
  )
  if (!report.ok && wrong.length === 0) wrong.push('the audit log does not verify')
  const answers = [...books.receipts].filter(([, { type }]) => type === 'detection.answer')
  for (const [id] of answers.slice(-10)) {
    const { proof } = await vdab.receipt(id)
    if (!proof) wrong.push(`${id}: a receipt without proof`)
  }
  return { entries: report.entries, wrong }
}

// How this program was started is no matter of the run.
const NOT_OF_THE_RUN = 'core dumps'

/** What `huisbrug doctor` finds. */
export async function askDoctor(system: System): Promise<string[]> {
  const { checks = [] } = JSON.parse((await system.command('doctor', '--json')) || '{}') as {
    checks?: { name: string; ok: boolean; detail: string }[]
  }
  const bad = checks.filter(({ name, ok }) => !ok && name !== NOT_OF_THE_RUN)
  if (checks.length === 0) return ['doctor: it said nothing']
  return bad.map(({ name, detail }) => `doctor: ${name}, ${detail}`)
}

/** Looks for every national number that was sent, wherever it may not be. */
export async function checkLeaks(
  system: System,
  books: Books,
  folder: string,
  persons: number,
): Promise<{ leaked: number; wrong: string[] }> {
  const received = join(folder, 'received.json')
  const events = [...books.events.values()].map(own => [...own.values()])
  writeFileSync(received, JSON.stringify({ events, requests: [...books.requests] }))
  // One that is put there on purpose has to be found, or the scan says nothing.
  const planted = join(folder, 'planted.txt')
  writeFileSync(planted, `planted ${syntheticNumber(persons)}`)
  const numbers = Array.from({ length: persons + 1 }, (_, person) => syntheticNumber(person))
  const { databaseUrl, redisUrl, logFolder } = system
  const log = join(folder, 'database', 'postgres.log')
  const files = [logFolder, log, received, planted]
  const { leaked, leaks } = await scanForLeaks(numbers, { databaseUrl, redisUrl, files })
  const found = leaks.filter(({ place }) => place !== planted)
  return {
    leaked: leaked - 1,
    wrong: [
      ...(leaks.length === found.length ? ['the scan for national numbers finds nothing'] : []),
      ...found.map(({ place, numbers }) => `${numbers} national numbers in ${place}`),
    ],
  }
}
