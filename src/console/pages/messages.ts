import type { ConsoleDeps } from '../deps.ts'
import { FilterForm, optionsOf } from '../filter-form.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import {
  listMessages,
  listParties,
  MESSAGE_STATES,
  type MessageLine,
  type MessageState,
} from '../reads/messages.ts'
import { type NameOfType, namesOfTypes, typeOptions } from '../reads/type-names.ts'
import { texts } from '../texts/index.ts'
import { words } from '../texts/words.ts'
import { toneOfState } from '../tone.ts'

const PER_PAGE = 50
const PATH = '/berichten'
const ID_PART = /^msg_[0-9A-Za-z]{0,26}$/

/** /console/berichten: all messages, newest first, by id, state, type and sender. */
export const messagesPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'evidence:read',
  nav: 'messages',
  answer: drawMessages,
}

async function drawMessages(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const text = texts().messages.filters
  const form = new FilterForm(request.query)
  const set = deps.protocols.current()
  const parties = await listParties(deps.pool)
  const senders = parties.map(({ id, name }) => ({ value: id, text: name }))
  const filter = {
    id: form.text('bericht', text.id, ID_PART, 'msg_…'),
    state: form.choice(
      'toestand',
      text.state,
      optionsOf(words.states, MESSAGE_STATES),
    ) as MessageState,
    type: form.choice('soort', text.type, typeOptions(set)),
    party: form.choice('partij', text.party, senders),
    before: beforeOf(request.query),
  }
  const lines = form.isWrong ? undefined : await listMessages(deps.pool, filter, PER_PAGE)
  const { fields, isWrong, isFiltered } = form
  return {
    view: 'messages',
    title: texts().messages.title,
    status: isWrong ? 400 : 200,
    model: {
      fields,
      isWrong,
      isFiltered,
      page: lines && pageOf(form, filter.before, lines, namesOfTypes(set)),
    },
  }
}

function pageOf(
  form: FilterForm,
  before: string | undefined,
  lines: MessageLine[],
  nameOf: NameOfType,
): object {
  const items = lines.slice(0, PER_PAGE)
  const last = items.at(-1)
  const hasOlder = lines.length > PER_PAGE && last
  return {
    items: items.map(line => ({
      ...line,
      typeName: nameOf(line.type, line.protocol),
      tone: toneOfState(line.state),
    })),
    newest: before === undefined ? undefined : form.link(PATH),
    older: hasOlder ? form.link(PATH, { voor: last.id }) : undefined,
  }
}

function beforeOf(query: Record<string, string>): string | undefined {
  const before = query['voor'] ?? ''
  return ID_PART.test(before) ? before : undefined
}
