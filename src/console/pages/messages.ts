import type { ConsoleDeps } from '../deps.ts'
import { FilterForm, optionsOf } from '../filter-form.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import {
  MESSAGE_STATES,
  type MessageFilter,
  type MessagePage,
  type MessageState,
  searchMessages,
} from '../reads/message-search.ts'
import { listParties } from '../reads/messages.ts'
import { protocolLines } from '../reads/protocols.ts'
import { type NameOfType, namesOfTypes, typeOptions } from '../reads/type-names.ts'
import { texts } from '../texts/index.ts'
import { words } from '../texts/words.ts'
import { toneOfState } from '../tone.ts'

const PER_PAGE = 50
const PATH = '/berichten'
const ID_PART = /^msg_[0-9A-Za-z]{0,26}$/
const CODE = /^HB-\d{3}$/

/** /console/berichten: all messages, newest first, by id, period, state, type, sender, protocol, code. */
export const messagesPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'evidence:read',
  own: true,
  nav: 'messages',
  answer: drawMessages,
}

async function drawMessages(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const form = new FilterForm(request.query)
  const filter = await readFilter(form, deps, request)
  const found = form.isWrong
    ? undefined
    : await searchMessages(deps.reading, filter, PER_PAGE, request.scope)
  const nameOf = namesOfTypes(deps.protocols.current())
  const { fields, isWrong, isFiltered } = form
  return {
    view: 'messages',
    title: texts().messages.title,
    status: isWrong ? 400 : 200,
    model: {
      fields,
      isWrong,
      isFiltered,
      page: found && pageOf(form, filter.before, found, nameOf),
    },
  }
}

async function readFilter(
  form: FilterForm,
  { reading, protocols }: ConsoleDeps,
  { query, scope, at }: PageRequest,
): Promise<MessageFilter> {
  const text = texts().messages.filters
  const set = protocols.current()
  const senders = await listParties(reading, scope)
  const states = optionsOf(words.states, MESSAGE_STATES)
  return {
    id: wholeCase(form.text('bericht', text.id, ID_PART, 'msg_…')),
    ...form.range({ from: text.from, until: text.until }),
    state: form.choice('toestand', text.state, states) as MessageState,
    type: form.choice('soort', text.type, typeOptions(set)),
    party: form.choice(
      'partij',
      text.party,
      senders.map(({ id, name }) => ({ value: id, text: name })),
    ),
    protocol: form.choice(
      'protocol',
      text.protocol,
      protocolLines(set, at, scope).map(({ id }) => ({ value: id, text: id })),
    ),
    code: form.text('code', text.code, CODE, text.codeHint),
    before: beforeOf(query),
  }
}

// Ids are in capitals, however somebody read one out.
function wholeCase(id: string | undefined): string | undefined {
  return id && `msg_${id.slice('msg_'.length).toUpperCase()}`
}

function pageOf(
  form: FilterForm,
  before: string | undefined,
  { items, next, lookedUntil }: MessagePage,
  nameOf: NameOfType,
): object {
  return {
    items: items.map(line => ({
      ...line,
      typeName: nameOf(line.type, line.protocol),
      tone: toneOfState(line.state),
    })),
    lookedUntil,
    newest: before === undefined ? undefined : form.link(PATH),
    older: next === undefined ? undefined : form.link(PATH, { voor: next }),
  }
}

function beforeOf(query: Record<string, string>): string | undefined {
  const before = query['voor'] ?? ''
  return ID_PART.test(before) ? before : undefined
}
