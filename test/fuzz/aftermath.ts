import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { verifyEvidence } from '../../src/audit/verify-evidence.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { scanForLeaks } from '../../src/sandbox/leak-scan.ts'
import { NumberFinder } from '../../src/sandbox/number-finder.ts'
import type { FuzzOutcome } from './run.ts'
import { findPlanted, MARK, plantedNumbers } from './secrets.ts'
import type { World } from './world.ts'

/** What a run left behind that must not be: each a line. */
export interface Aftermath {
  wrong: string[]
  figures: {
    messages: number
    items: number
    entries: number
    /** Scanned for what was planted. */
    rows: number
    tables: number
    logLines: number
  }
}

/** Looks whether all is in balance, the evidence verifies, and nothing planted lies anywhere. */
export async function lookAfter(world: World, outcome: FuzzOutcome): Promise<Aftermath> {
  const { db, context, logged } = world.gateway
  const balances = await readBalances(db.pool)
  const key = await loadLogVerifierKey(context.keys, context.config.logOrigin)
  const evidence = await verifyEvidence(db.pool, key)
  const numbers = await scanForNumbers(world, outcome)
  const { rows } = await db.pool.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM message',
  )
  const wrong = [
    ...balances.filter(it => !it.balanced).map(it => `${it.protocol} ${it.day} out of balance`),
    ...evidence.problems.map(it => `evidence: ${it.kind}, ${it.what}`),
    ...numbers.leaks.map(it => `${it.numbers} national numbers in ${it.place}`),
    ...(await plantedInDatabase(world)),
    ...plantedIn('the log', logged.join('')),
    ...plantedAtPeers(world),
    ...requestsThatFailed(logged),
  ]
  const figures = {
    messages: rows[0]?.count ?? 0,
    items: balances.reduce((sum, { received }) => sum + received, 0),
    entries: evidence.entries,
    rows: numbers.scanned.rows,
    tables: numbers.scanned.tables,
    logLines: linesOf(logged).length,
  }
  return { wrong, figures }
}

// What nobody expected of a request: its frames say where.
function requestsThatFailed(logged: readonly string[]): string[] {
  const failed = linesOf(logged).filter(line => line.includes('"message":"a request failed"'))
  // Of two that wait for each other one is told to come again.
  const lines = failed.filter(line => !line.includes('"code":"40P01"'))
  return lines.slice(0, 5).map(line => `in the log: ${line.slice(0, 900)}`)
}

const linesOf = (logged: readonly string[]) => logged.join('').split('\n').filter(Boolean)

/** Numbers of persons that were asked about and numbers that were planted, in any form. */
async function scanForNumbers(world: World, { replies }: FuzzOutcome) {
  const { gateway, welfare } = world
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-fuzz-'))
  const peers = { vdab: gateway.vdab, office: welfare.hook, ...gateway.hooks }
  const texts: [string, string][] = [
    ['log', gateway.logged.join('')],
    ...[...replies].map(([id, all]) => [`replies of ${id}`, all.join('\n')] as [string, string]),
    ...Object.entries(peers).map(
      ([name, { received }]) => [`calls at ${name}`, JSON.stringify(received)] as [string, string],
    ),
  ]
  try {
    for (const [name, text] of texts) writeFileSync(join(folder, name), text)
    const numbers = [...world.personsAsked(), ...plantedNumbers()]
    const report = await scanForLeaks(numbers, { databaseUrl: gateway.db.url, files: [folder] })
    const named = report.leaks.map(it => ({ ...it, place: it.place.replace(`${folder}/`, '') }))
    const leaks = named.map(it => ({
      ...it,
      place: `${it.place}${firstOf(it.place, numbers, replies)}`,
    }))
    return { ...report, leaks }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The first reply with a number in it: all of this is synthetic. */
function firstOf(place: string, numbers: string[], replies: FuzzOutcome['replies']): string {
  const finder = new NumberFinder(numbers)
  const reply = replies.get(place.replace('replies of ', ''))?.find(text => {
    const found = new Set<string>()
    finder.findInText(text, found)
    return found.size > 0
  })
  return reply ? `: ${reply.slice(0, 3_000)}` : ''
}

/** Columns that hold what was planted, as text or as bytes; what is kept on purpose is not told. */
async function plantedInDatabase({ gateway }: World): Promise<string[]> {
  const { pool } = gateway.db
  const { rows: columns } = await pool.query<{ place: string; name: string; column: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name, quote_ident(column_name) AS column,
       table_name || '.' || column_name AS place
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  )
  const hex = Buffer.from(MARK).toString('hex')
  const wrong: string[] = []
  for (const { name, column, place } of columns) {
    const { rows } = await pool.query<{ value: string }>(
      `SELECT left(v, 300) AS value FROM (SELECT ${column}::text AS v FROM ${name}) t
       WHERE v LIKE '%${MARK}%' OR v LIKE '%${hex}%' LIMIT 200`,
    )
    const first = rows.find(({ value }) => !isKept(place, value))
    if (first) wrong.push(`${place} holds what was planted: ${first.value}`)
  }
  return wrong
}

// What is there to be read or compared: the reason of a search or an erasure, a caller's own key, and the
// names of a signed paper and of a case.
function isKept(place: string, value: string): boolean {
  if (place === 'idempotency.key') return value.includes(`${MARK}-sleutel-`)
  if (place === 'audit_detail.details') return /"reason":"[^"]*kanarie/.test(value)
  const reasons = ['approval.reason', 'approval.decision_reason']
  const kept = [...reasons, 'participation.document', 'restriction.case_ref']
  return [...kept, 'restriction.lifted_case'].includes(place)
}

function plantedIn(place: string, text: string): string[] {
  const found = findPlanted(text)
  return found.length > 0 ? [`${place} holds ${found[0]} and ${found.length - 1} more`] : []
}

// A company's own references come back to it; VDAB sees none, and nobody another's.
function plantedAtPeers(world: World): string[] {
  const { gateway, welfare } = world
  const peers = { vdab: gateway.vdab, 'ocmw-voorbeeldgem': welfare.hook, ...gateway.hooks }
  return Object.entries(peers).flatMap(([party, { received }]) => {
    const all = findPlanted(JSON.stringify(received))
    const wrong = all.filter(word => party === 'vdab' || !world.hasSaid(party, word))
    return wrong.length > 0 ? [`${party} received ${wrong[0]} and ${wrong.length - 1} more`] : []
  })
}
