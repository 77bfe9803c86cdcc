import { assertForm, readFound } from './answer.ts'
import { assertCodes } from './counts.ts'
import { assertItems as assertTagged } from './event-in.ts'
import { assertItems as assertReferenced } from './event-out.ts'
import { withStandIns } from './explain-numbers.ts'
import type { Asking } from './explain-question.ts'
import { assertAnnounced } from './objection.ts'
import type { Permission } from './permission.ts'
import { type Item, missingParticipation } from './precondition.ts'
import { assertDates } from './progress.ts'
import type { Incoming, ItemRefusal } from './receive.ts'
import { assertReferenceDate, listOf, screen } from './request.ts'
import { assertItems as assertEnded } from './withdrawal.ts'

/** What an endpoint checks of a message by itself, once the protocol allows it and its shape fits. */
type Content = (permission: Permission, incoming: Incoming, body: Item) => ItemRefusal[]

/** By interaction pattern; what depends on persons or on what was sent before is not here. */
const CONTENT: Readonly<Record<Permission['profile']['message']['pattern'], Content>> = {
  request: assertRequest,
  answer: assertAnswer,
  counts: assertCounts,
  event: assertEvent,
  progress: assertProgress,
  withdrawal: assertWithdrawal,
}

/**
 * Makes the checks of the endpoint that need nothing but the message, with the endpoint's own code.
 * @returns items that would be refused one by one, their references left out
 * @throws Refusal what the endpoint would refuse the whole message for
 */
export function assertContent(
  permission: Permission,
  incoming: Incoming,
  { body }: Asking,
): ItemRefusal[] {
  return CONTENT[permission.profile.message.pattern](permission, incoming, body)
}

function assertRequest({ profile }: Permission, incoming: Incoming, body: Item): ItemRefusal[] {
  const { at } = incoming
  if (body['referenceDate']) assertReferenceDate(String(body['referenceDate']), at)
  const list = listOf(incoming)
  assertAnnounced(profile, body, list)
  const items = withStandIns(body[list] as Item[], profile.number ?? '')
  return screen(items, list, profile, at.toISOString().slice(0, 10)).refused
}

function assertAnswer(permission: Permission, { general }: Incoming, body: Item): ItemRefusal[] {
  assertForm(readFound(body, permission, general), permission)
  return []
}

function assertCounts(permission: Permission, _: Incoming, body: Item): ItemRefusal[] {
  assertCodes(body['items'] as Item[], permission)
  return []
}

function assertEvent({ profile }: Permission, incoming: Incoming, body: Item): ItemRefusal[] {
  const items = body['items'] as Item[]
  if (!incoming.general || profile.reference === undefined) {
    assertTagged(items, profile, incoming.at)
    return []
  }
  assertReferenced(items, profile, incoming.at)
  assertAnnounced(profile, body, 'items')
  const day = incoming.at.toISOString().slice(0, 10)
  return items.flatMap((item, index) => {
    const why = missingParticipation(profile, item, `/items/${index}`, day)
    return why ? [{ index, ...why }] : []
  })
}

function assertProgress(_: Permission, incoming: Incoming, body: Item): ItemRefusal[] {
  type Steps = Parameters<typeof assertDates>[0]
  assertDates((incoming.general ? body['items'] : [body]) as Steps, incoming)
  return []
}

function assertWithdrawal({ profile }: Permission, { at }: Incoming, body: Item): ItemRefusal[] {
  assertEnded(body['items'] as Item[], profile, at)
  return []
}
