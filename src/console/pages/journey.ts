import { entriesOfMessage } from '../../audit/query.ts'
import type { ConsoleDeps } from '../deps.ts'
import { format } from '../format.ts'
import { momentsOf, momentsOfAttempts } from '../moments.ts'
import { type Drawing, type Page, PageProblem, type PageRequest } from '../page.ts'
import {
  countFeedback,
  findMessage,
  type HandOverLine,
  listAttempts,
  listHandOvers,
  listRelated,
  listStays,
  listSteps,
  type MessageFile,
  MOST,
  type Stay,
} from '../reads/journey.ts'
import { partyNames } from '../reads/messages.ts'
import { fieldsOf, purposeTitle } from '../reads/protocols.ts'
import { namesOfTypes } from '../reads/type-names.ts'
import { readReceipt } from '../receipt.ts'
import { explainCode, explainReason, explainRemedy } from '../sentence.ts'
import { texts } from '../texts/index.ts'
import { wordFor, words } from '../texts/words.ts'
import { buildTimeline, spansOf, staysOf } from '../timeline.ts'
import { toneOfState } from '../tone.ts'
import { recordViewing } from '../viewing.ts'
import { parkedModel } from './parked.ts'

const MESSAGE_ID = /^msg_[0-9A-Za-z]{1,40}$/

/** /console/berichten/:id: the journey of one message. Reading it is an entry of the audit log. */
export const journeyPage: Page = {
  method: 'get',
  path: '/berichten/:id',
  operation: 'evidence:read',
  own: true,
  nav: 'messages',
  answer: drawJourney,
}

async function drawJourney(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const { pool } = deps
  const { scope } = request
  const id = request.params['id'] ?? ''
  const message = MESSAGE_ID.test(id) ? await findMessage(pool, id, scope) : undefined
  if (!message) throw new PageProblem('not-found')
  await recordViewing(deps, request, { message: { id, type: message.type } })
  const [entries, handOvers, steps, related, feedback, names, attempts, stays, parked] =
    await Promise.all([
      entriesOfMessage(pool, id, scope),
      listHandOvers(pool, id, scope),
      listSteps(pool, message, scope),
      listRelated(pool, id, scope),
      countFeedback(pool, id, scope),
      partyNames(pool, scope),
      listAttempts(pool, id, scope),
      listStays(pool, id, scope),
      parkedModel(deps, id, request),
    ])
  const described = describe(deps, message)
  const nameOf = namesOfTypes(deps.protocols.current())
  const promise = described.receipt?.entryCommitment
  const promised = entries.find(({ commitment }) => commitment === promise)?.index
  const isAll = scope.party === undefined
  return {
    view: 'journey',
    title: `${texts().messages.journey.title} ${id}`,
    model: {
      ...described,
      typeName: nameOf(message.type, message.protocol),
      feedback,
      hasEntries: entries.length > 0,
      promised,
      timeline: buildTimeline([
        ...momentsOf(message, entries, related, names, nameOf),
        ...momentsOfAttempts(attempts, names),
      ]),
      handOvers: handOvers.map(handOver => toLine(handOver, stays, request.at)),
      parked,
      files: {
        bundle: isAll && promised !== undefined,
        proof: promised !== undefined,
      },
      most: MOST,
      spans: spansOf(steps, request.at),
    },
  }
}

function describe(deps: ConsoleDeps, message: MessageFile) {
  const { partyName, receivedAt, state, code, protocol, protocolVersion, purpose } = message
  const set = deps.protocols.current()
  const decided =
    protocol && protocolVersion ? { id: protocol, version: protocolVersion } : undefined
  return {
    message,
    tone: toneOfState(state),
    summary: texts().messages.journey.summary(partyName, format.moment(receivedAt)),
    refusal: code ? { meaning: explainCode(code), remedy: explainRemedy(code) } : undefined,
    fields: fieldsOf(set, decided, message.fields ?? []),
    purpose: purpose ? purposeTitle(set, decided, purpose) : undefined,
    receipt: message.receipt ? readReceipt(message.receipt) : undefined,
  }
}

function toLine(handOver: HandOverLine, stays: readonly Stay[], now: Date): object {
  const { state, lastStatus, reason } = handOver
  const answer = lastStatus === null ? '–' : texts().messages.journey.httpStatus(lastStatus)
  const showsReason = reason !== null && state !== 'delivered'
  return {
    ...handOver,
    answer,
    stays: timesOf(handOver, stays, now),
    tone: toneOfState(state),
    why: showsReason ? explainReason(reason) : '',
  }
}

/** How long it was in each state, such as "in de wachtrij 0,2 s · wordt opnieuw geprobeerd 3 min." */
function timesOf(
  { id, createdAt, state }: HandOverLine,
  stays: readonly Stay[],
  now: Date,
): string {
  const own = stays.filter(({ handOverId }) => handOverId === id)
  const states = staysOf({ createdAt, state }, own, now)
  // The state itself stands beside it.
  if (states.length === 1 && states[0]?.lasted === undefined) return ''
  return states
    .map(({ state, lasted }) => {
      const word = wordFor(words.states, state)
      return lasted === undefined ? word : `${word} ${format.duration(lasted)}`
    })
    .join(' · ')
}
