import { actorOf, scopeOf } from '../../access/scope.ts'
import { filterNames, readEntryFilter } from '../../audit/filter.ts'
import { entryAt, latestCheckpoint, proofFileOf, queryEntries } from '../../audit/query.ts'
import { recordEntry } from '../../audit/record.ts'
import type { Context } from '../../context.ts'
import { refuse } from '../../errors.ts'
import { readPage } from '../page.ts'
import { type ApiRequest, personOf, type Route } from '../route.ts'

const CURSOR = /^[A-Za-z0-9_-]{1,80}$/

/** Entries by filter, newest first. Reading them is an entry itself, written before they are given out. */
export const getAuditEntries: Route = {
  method: 'get',
  path: '/v1/audit/entries',
  people: 'audit:read',
  own: true,
  handle: async (context, request) => {
    const filter = readEntryFilter(request.query, ['limit', 'after'])
    const { limit, after } = readPage(request, CURSOR)
    const page = { limit, ...(after !== undefined && { after }) }
    const scope = scopeOf(personOf(request))
    const { items, next } = await queryEntries(context.reading, filter, page, scope)
    await recordReading(context, request, { fields: filterNames(filter), entries: items.length })
    return { status: 200, body: { items, next: next ?? null } }
  },
}

/** One entry with the proof that it is in the log; no proof where no published checkpoint covers it yet. */
export const getAuditEntry: Route = {
  method: 'get',
  path: '/v1/audit/entries/:index',
  people: 'audit:read',
  own: true,
  handle: async (context, request) => {
    const index = Number(request.params['index'])
    const scope = scopeOf(personOf(request))
    const entry = Number.isSafeInteger(index)
      ? await entryAt(context.pool, index, scope)
      : undefined
    if (!entry) throw refuse('HB-206', '', 'the log has no entry at this place')
    const checkpoint = await latestCheckpoint(context.pool)
    const isProven = checkpoint !== undefined && index < checkpoint.size
    const proof = isProven ? await proofFileOf(context.pool, index) : null
    await recordReading(context, request, { fields: ['index'], entries: 1 })
    return { status: 200, body: { ...entry, proof } }
  },
}

function recordReading(
  { pool }: Context,
  request: ApiRequest,
  { fields, entries }: { fields: string[]; entries: number },
): Promise<unknown> {
  return recordEntry(pool, {
    action: 'audit.read',
    at: request.at,
    actor: actorOf(personOf(request)),
    decision: 'allowed',
    fields,
    counts: { entries },
    reason: 'entries',
  })
}
