import { randomBytes } from 'node:crypto'
import { THIRD } from '../messages/third.ts'
import { OFFICE } from '../messages/welfare.ts'
import { PERIOD, TODAY } from '../support/detection.ts'
import { COMPANIES } from '../support/gateway.ts'
import type { Dice } from './dice.ts'
import { plantedReference } from './secrets.ts'
import type { OpenRequest, World } from './world.ts'

/** A good request of somebody. */
export interface Live {
  as?: string
  params?: Record<string, string>
  query?: [string, string][]
  body?: unknown
}

const WM = 'wm-vdab'
const OCMW = 'ocmw-vdab'
const TARGET = { id: 'tenants-with-labour-potential', version: '1.0' }
const LONG_AGO = new Date(Date.now() - 9 * 86_400_000).toISOString().slice(0, 10)

const nonce = () => randomBytes(32).toString('base64url')
const id16 = () => randomBytes(16).toString('base64url')
// Never leefgoed: that one closes its months.
const company = (dice: Dice) => dice.pick(COMPANIES.filter(one => one !== 'leefgoed'))
const some = <T>(dice: Dice, make: () => T) => Array.from({ length: 1 + dice.below(4) }, make)

/** A good detection request. */
export function detection(world: World, dice: Dice): Live {
  const as = dice.chance(0.1) ? 'leefgoed' : company(dice)
  const isBlind = as === 'woonboog' && dice.chance(0.2)
  const tenants = some(dice, () => {
    const { insz, reference: tenantRef } = world.newPerson(as)
    const ground = { tenantRef, tenantGround: dice.pick(['art-6.1-1-a', 'art-6.1-1-b']) }
    return isBlind
      ? { tag: id16(), secret: nonce(), subjectTag: id16(), ...ground }
      : { insz, ...ground }
  })
  const domain = world.known.domains.find(name => name.startsWith(`${WM}/`))
  const head = { protocol: WM, purpose: 'detection', nonce: nonce(), referenceDate: TODAY }
  const body = { ...head, targetGroup: TARGET, ...(isBlind && { domain }), tenants }
  return { as, body }
}

/** VDAB's answer to a detection request that it received. */
export function answer(world: World, dice: Dice): Live {
  const asked = takeOpen(world, dice, one => one.type === 'detection.request')
  const {
    messageId = world.ids('vdab', 'msg')[0] ?? 'none',
    requestDigest = nonce(),
    rowIds = [],
  } = asked ?? {}
  const found = asked?.granularity === 'person' ? rowIds.slice(0, 1) : dice.below(rowIds.length + 1)
  return { as: 'vdab', params: { messageId }, body: { nonce: nonce(), requestDigest, found } }
}

// One that was answered is answered again now and then.
function takeOpen(world: World, dice: Dice, fits: (one: OpenRequest) => boolean) {
  const { open } = world.known
  const asked = dice.oneOf(open.filter(fits))
  if (asked && dice.chance(0.9)) open.splice(open.indexOf(asked), 1)
  return asked
}

/** Feedback of VDAB about persons of its register. */
export function feedback(world: World, dice: Dice): Required<Pick<Live, 'as' | 'body'>> {
  const known = world.known.tags.get(WM) ?? []
  const items = some(dice, () => ({
    tag: dice.oneOf(known)?.tag ?? id16(),
    reachability: dice.pick(['hard-to-reach', 'not-reached']),
    establishedOn: TODAY,
  }))
  const domain = known[0]?.domain ?? `${WM}/1/1`
  const once = onceBy(items, one => one.tag)
  return { as: 'vdab', body: { protocol: WM, domain, nonce: nonce(), items: once } }
}

/** Progress of a company about feedback that it received. */
export function progress(world: World, dice: Dice): Live {
  const as = company(dice)
  const feedbackId = dice.oneOf(world.ids(as, 'fb')) ?? 'fb_01KAJ5K2E8QH4N6R0S1TVWXYZ3'
  const status = dice.pick(['taken-up', 'closed'])
  return { as, params: { feedbackId }, body: { status, on: TODAY, nonce: nonce() } }
}

export function tenanciesEnded(world: World, dice: Dice): Live {
  const as = company(dice)
  const items = some(dice, () => ({ tenantRef: referenceOf(world, dice, as), endedOn: TODAY }))
  return { as, body: { protocol: WM, nonce: nonce(), items: onceBy(items, one => one.tenantRef) } }
}

// Mostly one of those who were sent last, so that others stay.
function referenceOf(world: World, dice: Dice, party: string): string {
  return dice.oneOf(world.known.references.get(party) ?? []) ?? plantedReference(party, 1)
}

function onceBy<T>(items: T[], nameOf: (item: T) => string): T[] {
  return [...new Map(items.map(item => [nameOf(item), item])).values()]
}

export function closing(_: World, dice: Dice): Live {
  return { as: 'leefgoed', body: { protocol: WM, period: closable(dice) } }
}

const closable = (dice: Dice) => (dice.chance(0.7) ? PERIOD : '2026-09')

type Make = (world: World, dice: Dice) => Live

/** A good message of every kind of the general form. */
const MESSAGES: Make[] = [
  (world, dice) => {
    const items = some(dice, () => {
      const { insz, reference } = world.newPerson(OFFICE)
      return { insz, clientRef: reference }
    })
    const group = { id: 'clients-in-guidance', version: '1.0' }
    const more = { referenceDate: TODAY, targetGroup: group }
    return general(OFFICE, OCMW, 'guidance.question', 'guidance', items, more)
  },
  (world, dice) => {
    const asked = takeOpen(world, dice, one => one.type === 'guidance.question')
    const items = (asked?.rowIds ?? [id16()]).slice(0, 2).map(row => {
      return { row, guidance: dice.pick(['welfare-office', 'employment-service']) }
    })
    return general('vdab', OCMW, 'guidance.answer', 'guidance', items, about(asked))
  },
  (world, dice) => {
    const known = dice.oneOf(world.known.tags.get(OCMW) ?? [])
    const items = [{ tag: known?.tag ?? id16(), neededOn: TODAY }]
    const more = { domain: known?.domain ?? `${OCMW}/1/1` }
    return general('vdab', OCMW, 'contact.follow-up-needed', 'contact', items, more)
  },
  (world, dice) => {
    const feedbackId = dice.oneOf(world.ids(OFFICE, 'fb')) ?? 'fb_01KAJ5K2E8QH4N6R0S1TVWXYZ3'
    const items = [{ feedbackId, status: 'closed', on: TODAY }]
    return general(OFFICE, OCMW, 'contact.follow-up-closed', 'contact', items)
  },
  (world, dice) => {
    const items = [{ clientRef: referenceOf(world, dice, OFFICE), endedOn: TODAY }]
    return general(OFFICE, OCMW, 'assistance.ended', 'stopping', items)
  },
  (world, dice) => {
    const items = some(dice, () => {
      const { insz, reference: dossier } = world.newPerson('woonboog')
      return { insz, dossier, signedOn: TODAY, paper: `p-${dice.below(1_000)}` }
    })
    return general('woonboog', THIRD, 'participants.question', 'help', items)
  },
  (world, dice) => {
    const asked = takeOpen(world, dice, one => one.type === 'participants.question')
    const items = (asked?.rowIds ?? [id16()])
      .slice(0, 2)
      .map(row => ({ row, known: dice.chance(0.5) }))
    return general('vdab', THIRD, 'participants.answer', 'help', items, about(asked))
  },
  (world, dice) => {
    const dossier = referenceOf(world, dice, 'woonboog')
    const announcedOn = dice.pick([TODAY, LONG_AGO])
    return general('woonboog', THIRD, 'referral.announced', 'help', [{ dossier, announcedOn }])
  },
  (world, dice) => {
    const feedbackId = dice.oneOf(world.ids('vdab', 'fb')) ?? 'fb_01KAJ5K2E8QH4N6R0S1TVWXYZ3'
    return general('vdab', THIRD, 'referral.taken-up', 'help', [
      { feedbackId, status: 'taken-up', on: TODAY },
    ])
  },
  (world, dice) => {
    const type = dice.pick(['objection.raised', 'participation.withdrawn'])
    const items = [{ dossier: referenceOf(world, dice, 'woonboog') }]
    return general('woonboog', THIRD, type, 'stopping', items)
  },
  (world, dice) => {
    const asked = dice.oneOf(world.known.open.filter(one => one.type === 'participants.question'))
    const items = [{ step: dice.pick(['contact', 'training', 'work']), persons: 1 }]
    return general('vdab', THIRD, 'steps.taken', 'help', items, about(asked))
  },
  (world, dice) => generalForm(detection(world, dice), 'detection.request', 'tenants'),
  (world, dice) => {
    const { as, body } = feedback(world, dice)
    const named = { as, body: { ...(body as object), purpose: 'follow-up' } }
    return generalForm(named, 'feedback.reachability', 'items')
  },
]

function general(
  as: string,
  protocol: string,
  type: string,
  purpose: string,
  items: object[],
  more = {},
) {
  return { as, body: { protocol, type, purpose, nonce: nonce(), ...more, items } }
}

function about(asked: OpenRequest | undefined): object {
  const { messageId = 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', requestDigest = nonce() } = asked ?? {}
  return { inReplyTo: messageId, requestDigest }
}

function generalForm({ as, body }: Live, type: string, list: string): Live {
  const { [list]: items, ...rest } = body as Record<string, unknown>
  return { ...(as && { as }), body: { type, ...rest, items } }
}

export function message(world: World, dice: Dice): Live {
  return dice.pick(MESSAGES)(world, dice)
}

/** A question whether a message would pass. */
export function explain(world: World, dice: Dice): Live {
  const { as = 'woonboog', body } = dice.chance(0.2)
    ? generalForm(detection(world, dice), 'detection.request', 'tenants')
    : message(world, dice)
  const asker = dice.chance(0.9) ? as : 'vdab'
  return { as: asker, body: { type: (body as { type: string }).type, message: body } }
}
