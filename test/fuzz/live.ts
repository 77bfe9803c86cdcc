import { OFFICE } from '../messages/welfare.ts'
import { COMPANIES } from '../support/gateway.ts'
import type { Dice } from './dice.ts'
import type { Live } from './live-messages.ts'
import * as messages from './live-messages.ts'
import { plantedText } from './secrets.ts'
import { PARTIES, type World } from './world.ts'

type Make = (world: World, dice: Dice) => Live

const READERS = ['privacy-officer', 'auditor'] as const
const anyParty = (dice: Dice) => dice.pick(PARTIES)
const withHook = (dice: Dice) => dice.pick([...COMPANIES, OFFICE])
// The log of the other gateway is made anew for each size.
const MOST_COSIGNED = 40
const PROTOCOLS = ['wm-vdab', 'ocmw-vdab', 'third-exchange', 'wm-vdab-woonboog']

function own(prefix: string, name: string): Make {
  return (world, dice) => {
    const as = anyParty(dice)
    return {
      as,
      params: {
        [name]: dice.oneOf(world.ids(as, prefix)) ?? `${prefix}_01KAJ5K2E8QH4N6R0S1TVWXYZ3`,
      },
    }
  }
}

function webhookOf(world: World, party: string): string {
  const hook = party === OFFICE ? world.welfare.hook : world.gateway.hooks[party as 'woonboog']
  return `${hook.url}/webhook`
}

function right(world: World, dice: Dice, numbers = world.known.numbers): Live {
  const insz = dice.oneOf(numbers) ?? '85010100105'
  const body = {
    insz,
    case: `GDPR-${dice.below(10_000)}`,
    reason: `Verzoek ${plantedText(dice, 'reden')}`,
  }
  return { as: 'privacy-officer', body: { ...body, ...(dice.chance(0.3) && { preview: true }) } }
}

// One that was decided or lifted comes again now and then.
function takeLast(list: string[], dice: Dice): string | undefined {
  return dice.chance(0.8) ? list.pop() : dice.oneOf(list)
}

const filter = (dice: Dice): [string, string][] =>
  dice.pick<[string, string][]>([
    [],
    [['party', dice.pick(PARTIES)]],
    [
      [
        'action',
        dice.pick(['message.accepted', 'message.refused', 'access.refused', 'message.delivered']),
      ],
    ],
    [
      ['decision', dice.pick(['allowed', 'refused'])],
      ['limit', '20'],
    ],
    [
      ['protocol', dice.pick(PROTOCOLS)],
      ['from', '2026-01-01T00:00:00.000Z'],
    ],
    [['code', dice.pick(['HB-304', 'HB-405', 'HB-202'])]],
    [['actor', dice.pick(['housing-company', 'gateway', 'client'])]],
  ])

// A file of the whole log each time would be what the run is about.
function exported(_: World, dice: Dice): Live {
  const from = new Date(Date.now() - 50 - dice.below(400)).toISOString()
  const until = new Date(Date.parse(from) + 40).toISOString()
  const query: [string, string][] = [
    ['from', from],
    ['until', until],
  ]
  query.push(['format', dice.pick(['jsonl', 'csv'])], ['proofs', dice.pick(['true', 'false'])])
  return { as: dice.pick(READERS), query }
}

function tile(world: World, dice: Dice): string {
  const whole = Math.floor(world.known.logSize / 256)
  const n = dice.below(whole + 1)
  const name = `${n >= 1_000 ? `x${String(Math.floor(n / 1_000)).padStart(3, '0')}/` : ''}${String(n % 1_000).padStart(3, '0')}`
  const rest = world.known.logSize % 256
  return n < whole || rest === 0 ? name : `${name}.p/${rest}`
}

function checkpoint({ otherLog, known }: World, dice: Dice): Live {
  const size = Math.min(MOST_COSIGNED, known.cosigned + dice.below(2))
  return { body: Buffer.from(otherLog.request(known.cosigned, Math.max(1, size))).toString() }
}

function annex1(_: World, dice: Dice): Live {
  const many = (most = 100) => dice.below(most)
  const compliant = {
    ...{ worksOrSelfEmployed: many(), registeredWithVdab: many(), olderThan65: many() },
    ...{ unfitForWork: many(), livingWage: many() },
  }
  const extraTime = { given: true, days: 90, tenants: 50, regularised: many(50) }
  const counts = { tenants: 5_000, checked: 4_000, compliant, notCompliant: 250, extraTime }
  const body = {
    nonce: dice.bytes(32).toString('base64url'),
    referenceDate: '2026-09-30',
    ...counts,
  }
  return { as: dice.pick(COMPANIES), body: { ...body, passedToSupervisor: many() } }
}

/** How a good request of each operation is made; of what is not here the schema alone says it. */
export const LIVE: Record<string, Make> = {
  issueToken: (world, dice) => ({ body: world.tokenRequest(anyParty(dice)) }),
  readProtocol: (_, dice) => ({ params: { id: dice.pick(PROTOCOLS) } }),
  compareProtocol: (_, dice) => ({
    params: { id: dice.pick(PROTOCOLS) },
    query: dice.pick<[string, string][]>([
      [],
      [['with', 'ocmw-vdab']],
      [
        ['from', '1.0.0'],
        ['to', '1.0.0'],
      ],
    ]),
  }),
  requestDetection: messages.detection,
  answerDetection: messages.answer,
  sendMessage: messages.message,
  closePeriod: messages.closing,
  sendFeedback: messages.feedback,
  reportProgress: messages.progress,
  endTenancies: messages.tenanciesEnded,
  explainMessage: messages.explain,
  readMessage: own('msg', 'id'),
  readReceipt: own('msg', 'messageId'),
  evaluateBlindly: ({ elements, known }, dice) => ({
    as: dice.pick(['vdab', 'woonboog']),
    body: {
      domain: known.domains.find(name => name.startsWith('wm-vdab/')) ?? 'subject',
      blinded: [...new Set([dice.pick(elements), dice.pick(elements)])],
    },
  }),
  listDomains: (_, dice) => ({ as: anyParty(dice) }),
  reportReady: ({ known }, dice) => ({ as: 'vdab', body: { domain: dice.oneOf(known.domains) } }),
  setWebhook: (world, dice) => {
    const as = withHook(dice)
    const events = ['be.huisbrug.feedback.reachability', 'be.huisbrug.message.received']
    const body = { url: webhookOf(world, as), ...(dice.chance(0.3) && { events }) }
    return { as, body }
  },
  readWebhook: (_, dice) => ({ as: withHook(dice) }),
  removeWebhook: (_, dice) => ({ as: withHook(dice) }),
  testWebhook: (_, dice) => ({ as: withHook(dice) }),
  rotateWebhook: (_, dice) => ({ as: withHook(dice) }),
  listDeliveries: (_, dice) => ({
    as: anyParty(dice),
    query: dice.chance(0.5) ? [['limit', '5']] : [],
  }),
  retryDelivery: own('del', 'id'),
  retryDeliveries: (_, dice) => ({
    as: anyParty(dice),
    body: dice.pick([
      {},
      { state: 'parked' },
      { since: new Date(Date.now() - 2_000).toISOString() },
    ]),
  }),
  readInbox: (_, dice) => ({ as: anyParty(dice), query: dice.chance(0.5) ? [['limit', '3']] : [] }),
  acknowledgeInbox: (world, dice) => {
    const as = withHook(dice)
    return {
      as,
      body: { upTo: dice.oneOf(world.ids(as, 'del')) ?? 'del_01KAJ5K2E8QH4N6R0S1TVWXYZ3' },
    }
  },
  listEntries: (_, dice) => ({ as: dice.pick(READERS), query: filter(dice) }),
  readEntry: ({ known }, dice) => ({
    as: dice.pick(READERS),
    params: { index: String(dice.below(Math.max(1, known.logSize))) },
  }),
  exportEntries: exported,
  readEntryTile: (world, dice) => ({ as: dice.pick(READERS), params: { path: tile(world, dice) } }),
  readTile: (world, dice) => ({ params: { level: '0', path: tile(world, dice) } }),
  addCheckpoint: checkpoint,
  reportAnnex1: annex1,
  listAnnex1: (_, dice) => ({ as: dice.pick(COMPANIES) }),
  findUsage: (world, dice) => {
    const as = dice.pick(['privacy-officer', 'woonboog', 'de-noorderkempen'])
    const insz = dice.oneOf(world.known.numbers) ?? '85010100105'
    if (as === 'privacy-officer')
      return { as, body: { insz, reason: `Inzage ${plantedText(dice, 'reden')}` } }
    return {
      as,
      body: { tenantRef: world.known.references.get(as)?.at(-1 - dice.below(8)) ?? 'none' },
    }
  },
  restrictSubject: (world, dice) => right(world, dice),
  liftRestriction: (world, dice) => {
    const insz = takeLast(world.known.restricted, dice)
    return right(world, dice, insz ? [insz] : undefined)
  },
  eraseSubject: (world, dice) => {
    const body = dice.chance(0.5) ? world.known.approved.shift() : undefined
    return body ? { as: 'privacy-officer', body } : right(world, dice)
  },
  listApprovals: () => ({ as: 'privacy-officer' }),
  decideApproval: ({ known }, dice) => ({
    as: 'second-officer',
    params: { id: takeLast(known.approvals, dice) ?? 'req_01KAJ5K2E8QH4N6R0S1TVWXYZ3' },
    body: { decision: dice.pick(['given', 'given', 'refused']), reason: 'Ja.' },
  }),
}
