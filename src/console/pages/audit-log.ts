import { type EntryFilter, type EntryPage, queryEntries } from '../../audit/query.ts'
import { ENTRY_ACTIONS, type EntryAction } from '../../audit/types.ts'
import type { ConsoleDeps } from '../deps.ts'
import { FilterForm, optionsOf } from '../filter-form.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { partyNames } from '../reads/messages.ts'
import { protocolLines } from '../reads/protocols.ts'
import { sentenceOf } from '../sentence.ts'
import { texts } from '../texts/index.ts'
import { words } from '../texts/words.ts'

const PER_PAGE = 50
const PATH = '/auditlog'
const CURSOR = /^[A-Za-z0-9_-]{1,80}$/
const CODE = /^HB-\d{3}$/
const MESSAGE_ID = /^msg_[0-9A-Za-z]{1,40}$/

/** /console/auditlog: entries newest first, by time, protocol, party, action, outcome, code, message. */
export const auditLogPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'evidence:read',
  own: true,
  nav: 'auditLog',
  answer: drawAuditLog,
}

async function drawAuditLog(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const names = await partyNames(deps.pool, request.scope)
  const form = new FilterForm(request.query)
  const filter = readFilter(form, names, protocolIds(deps, request))
  const after = CURSOR.test(request.query['na'] ?? '') ? request.query['na'] : undefined
  const page = form.isWrong
    ? undefined
    : await queryEntries(
        deps.pool,
        filter,
        { limit: PER_PAGE, ...(after && { after }) },
        request.scope,
      )
  const { fields, isWrong, isFiltered } = form
  return {
    view: 'audit-log',
    title: texts().auditLog.title,
    status: isWrong ? 400 : 200,
    model: {
      fields,
      isWrong,
      isFiltered,
      page: page && pageOf(form, page, after, names),
      downloads: downloadsOf(filter, deps.config.publicUrl),
    },
  }
}

function readFilter(
  form: FilterForm,
  names: ReadonlyMap<string, string>,
  protocols: readonly string[],
): EntryFilter {
  const text = texts().auditLog.filters
  const parties = [...names].map(([value, name]) => ({ value, text: name }))
  const protocol = form.choice(
    'protocol',
    text.protocol,
    protocols.map(id => ({ value: id, text: id })),
  )
  const party = form.choice('partij', text.party, parties)
  const recipient = form.choice('ontvanger', text.recipient, parties)
  const action = form.choice('handeling', text.action, optionsOf(words.actions, ENTRY_ACTIONS))
  const decision = form.choice('uitkomst', text.outcome, optionsOf(words.decisions))
  const code = form.text('code', text.code, CODE, text.codeHint)
  const messageId = form.text('bericht', text.message, MESSAGE_ID, text.messageHint)
  return {
    ...form.range({ from: text.from, until: text.until }),
    ...(protocol && { protocol }),
    ...(party && { party }),
    ...(recipient && { recipient }),
    ...(action && { action: action as EntryAction }),
    ...(decision && { decision: decision as 'allowed' | 'refused' }),
    ...(code && { code }),
    ...(messageId && { messageId }),
  }
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
    items: page.items.map(({ index, entry }) => ({
      index,
      entry,
      sentence: sentenceOf(entry, names),
      tone: entry.decision === 'refused' ? 'bad' : 'good',
    })),
    newest: after === undefined ? undefined : form.link(PATH),
    older: page.next === undefined ? undefined : form.link(PATH, { na: page.next }),
  }
}

function protocolIds(deps: ConsoleDeps, { at, scope }: PageRequest): string[] {
  return protocolLines(deps.protocols.current(), at, scope).map(({ id }) => id)
}
