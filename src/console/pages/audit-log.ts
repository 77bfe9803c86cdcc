import { mayPerson } from '../../access/operations.ts'
import {
  type EntryFilter,
  type EntryPage,
  type PlacedEntry,
  queryEntries,
} from '../../audit/query.ts'
import { lastIndex } from '../../audit/query-since.ts'
import { ENTRY_ACTIONS } from '../../audit/types.ts'
import type { ConsoleDeps } from '../deps.ts'
import { FilterForm, optionsOf } from '../filter-form.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { partyNames } from '../reads/messages.ts'
import { protocolLines } from '../reads/protocols.ts'
import { typeOptions } from '../reads/type-names.ts'
import { sentenceOf } from '../sentence.ts'
import { texts } from '../texts/index.ts'
import { wordFor, words } from '../texts/words.ts'

const PER_PAGE = 50
const PATH = '/auditlog'
const CURSOR = /^[A-Za-z0-9_-]{1,80}$/
const CODE = /^HB-\d{3}$/
const MESSAGE_ID = /^msg_[0-9A-Za-z]{1,40}$/

/**
 * /console/auditlog: entries newest first, by time, protocol, party, who, action, outcome, code, message;
 * with `volg=ja` new ones come by themselves.
 */
export const auditLogPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'evidence:read',
  own: true,
  nav: 'auditLog',
  answer: drawAuditLog,
}

async function drawAuditLog(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const { query, scope } = request
  const names = await partyNames(deps.reading, scope)
  const form = new FilterForm(query)
  const filter = readFilter(form, names, deps, request)
  const after = CURSOR.test(query['na'] ?? '') ? query['na'] : undefined
  const wanted = { limit: PER_PAGE, ...(after && { after }) }
  const isLive = query['volg'] === 'ja' && after === undefined && !form.isWrong
  // Read before the page: what comes in between comes live, and twice is noticed.
  const last = isLive ? await lastIndex(deps.reading) : undefined
  const page = form.isWrong ? undefined : await queryEntries(deps.reading, filter, wanted, scope)
  const { fields, isWrong, isFiltered } = form
  return {
    view: 'audit-log',
    title: texts().auditLog.title,
    status: isWrong ? 400 : 200,
    ...(isLive && { script: 'live.js' }),
    model: {
      fields,
      isWrong,
      isFiltered,
      page: page && pageOf(form, page, after, names),
      downloads: downloadsOf(filter, deps.config.publicUrl),
      live: last !== undefined && { last, feed: form.link(`${PATH}/live`, { vanaf: `${last}` }) },
      refresh: form.link(PATH, isLive ? { volg: 'ja' } : {}),
      follow: form.link(PATH, { volg: 'ja' }),
      still: form.link(PATH),
      mayAnswer: mayPerson(request.session, 'subjects:answer'),
    },
  }
}

/** Which entries a form of this page asks for; what is wrong is marked at its field. */
export function readFilter(
  form: FilterForm,
  names: ReadonlyMap<string, string>,
  { protocols }: ConsoleDeps,
  { at, scope }: PageRequest,
): EntryFilter {
  const text = texts().auditLog.filters
  const set = protocols.current()
  const parties = [...names].map(([value, name]) => ({ value, text: name }))
  const ids = protocolLines(set, at, scope).map(({ id }) => ({ value: id, text: id }))
  const filter = {
    ...form.range({ from: text.from, until: text.until }),
    protocol: form.choice('protocol', text.protocol, ids),
    party: form.choice('partij', text.party, parties),
    recipient: form.choice('ontvanger', text.recipient, parties),
    actor: form.choice('wie', text.who, optionsOf({ ...words.roles, ...words.partyKinds })),
    type: form.choice('soort', text.type, typeOptions(set)),
    action: form.choice('handeling', text.action, optionsOf(words.actions, ENTRY_ACTIONS)),
    decision: form.choice('uitkomst', text.outcome, optionsOf(words.decisions)),
    code: form.text('code', text.code, CODE, text.codeHint),
    messageId: form.text('bericht', text.message, MESSAGE_ID, text.messageHint),
  }
  const given = Object.entries(filter).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as EntryFilter
}

/** Addresses of the interface that give all of what is filtered; the cookie of this session opens them. */
function downloadsOf(filter: EntryFilter, publicUrl: string): Record<'csv' | 'jsonl', string> {
  const asked = Object.entries(filter).map(([name, value]) => [
    name,
    value instanceof Date ? value.toISOString() : String(value),
  ])
  const base = new URL(publicUrl).pathname.replace(/\/$/, '')
  const link = (format: string) =>
    `${base}/v1/audit/export?${new URLSearchParams([...asked, ['format', format]])}`
  return { csv: link('csv'), jsonl: link('jsonl') }
}

function pageOf(
  form: FilterForm,
  page: EntryPage,
  after: string | undefined,
  names: ReadonlyMap<string, string>,
): object {
  return {
    items: page.items.map(item => lineOf(item, names)),
    newest: after === undefined ? undefined : form.link(PATH),
    older: page.next === undefined ? undefined : form.link(PATH, { na: page.next }),
  }
}

/** An entry in the list. */
export function lineOf({ index, entry }: PlacedEntry, names: ReadonlyMap<string, string>) {
  const { decision, code, message, at } = entry
  const isPart = code !== undefined && decision === 'allowed'
  return {
    index,
    at,
    sentence: sentenceOf(entry, names),
    messageId: message?.id ?? '',
    outcome: decision ? wordFor(words.decisions, decision) : '',
    tone: decision === 'refused' ? 'bad' : 'good',
    code: isPart ? texts().auditLog.partly(code) : (code ?? ''),
  }
}
