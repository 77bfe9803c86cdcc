import { hkdfSync } from 'node:crypto'
import {
  deriveRowId,
  deriveRowKey,
  deriveTag,
  inputOf,
  type TagAndSecret,
  tagInfo,
} from '../../src/pseudonym/derive.ts'
import { RouteCipher } from '../../src/pseudonym/route-cipher.ts'
import { openRow } from '../../src/pseudonym/row.ts'
import { blindInput, finalize, randomScalar, VOPRF } from '../../src/pseudonym/voprf.ts'
import { detection, forwardedTo, PERIOD, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import type { Received } from '../support/peer.ts'
import { endTenancies } from './kit.ts'

/**
 * VDAB as attacker: it keeps all that the real gateway sent it over two months, all it got back, and
 * the secrets of its own register, and computes what it likes.
 */
const SIZE = 80
const MEMBERS = 20
const REGISTER_SIZE = 40
const DAILY = 10
/** floor(40 × 1.05) once, and 10 a day. */
const QUOTA = 52

const LAST_MONTH = new Date(Date.UTC(+TODAY.slice(0, 4), +TODAY.slice(5, 7) - 1, 0))
  .toISOString()
  .slice(0, 10)
const DATES = [LAST_MONTH, TODAY]
const PERIODS = [LAST_MONTH.slice(0, 7), PERIOD]

interface Row {
  rowId: string
  nonce: string
  ciphertext: string
}
interface Person extends TagAndSecret {
  insz: string
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const bytes = (text: string) => Buffer.from(text, 'base64url')

/** One world: the same members, other non-members. */
interface World {
  gateway: TestGateway
  domain: string
  members: Person[]
  strangers: ReturnType<typeof tenants>
  /** What VDAB received: a request of each month. */
  months: Received[]
}

/** What VDAB may do: blind evaluations from its quota. */
async function evaluate(
  gateway: TestGateway,
  domain: string,
  numbers: string[],
): Promise<Person[]> {
  const people = numbers.map(insz => ({ insz, input: inputOf(insz), blind: randomScalar() }))
  const blinded = people.map(({ input, blind }) =>
    Buffer.from(blindInput(VOPRF, input, blind)).toString('base64url'),
  )
  const { evaluated } = await gateway.clients.vdab.evaluate({ domain, blinded })
  return people.map(({ insz, input, blind }, i) => ({
    insz,
    ...deriveTag(finalize(input, blind, bytes(evaluated[i]!)), tagInfo(domain)),
  }))
}

async function domainOf({ clients }: TestGateway) {
  const { items } = await clients.vdab.domains()
  return items.find(it => it.domain.startsWith('wm-vdab/'))
}

/** The tenants in the order in which the company sends them. */
const sentOf = (strangers: World['strangers']) => [
  ...strangers.slice(0, 30),
  ...tenants(0, MEMBERS),
  ...strangers.slice(30),
]

async function makeWorld(
  strangersFrom: number,
  ground: 'art-6.1-1-a' | 'art-6.1-1-b',
): Promise<World> {
  const gateway = await testGateway({
    framework: document => {
      document.modalities.evaluation = [
        { party: 'vdab', registerSize: REGISTER_SIZE, dailyAllowance: DAILY },
      ]
    },
  })
  const { vdab, woonboog } = gateway.clients
  const { domain } = await until('a domain opens', () => domainOf(gateway))
  const known = tenants(0, MEMBERS)
  const members = await evaluate(
    gateway,
    domain,
    known.map(it => it.insz),
  )
  await vdab.domainReady(domain)
  const strangers = tenants(strangersFrom, SIZE - MEMBERS).map(it => ({
    ...it,
    tenantGround: ground,
  }))
  const months: Received[] = []
  for (const referenceDate of DATES) {
    const people = sentOf(strangers as typeof known)
    const sent = await woonboog.detect(detection(people, { referenceDate }))
    months.push(await forwardedTo(gateway, sent.messageId))
  }
  return { gateway, domain, members, strangers: strangers as typeof known, months }
}

let world: World
let other: World

beforeAll(async () => {
  world = await makeWorld(1_000, 'art-6.1-1-a')
  other = await makeWorld(50_000, 'art-6.1-1-b')
}, 120_000)
afterAll(async () => {
  await world?.gateway.close()
  await other?.gateway.close()
})

const rowsOf = ({ body }: Received) => body['rows'] as Row[]

/** The rows of a month that VDAB recognises by the secrets of its register. */
function ownRows({ members }: World, month: number): Map<string, Person> {
  return new Map(
    members.map(it => [deriveRowId(it.secret, PERIODS[month]!).toString('base64url'), it]),
  )
}

function opens(
  received: Received,
  key: Uint8Array,
  row: Row,
  changes: object = {},
): object | undefined {
  const { domain, period, messageId } = received.body as Record<string, string>
  const binding = {
    domain: domain!,
    period: period!,
    messageId: messageId!,
    rowId: bytes(row.rowId),
  }
  try {
    const sealed = { nonce: bytes(row.nonce), ciphertext: bytes(row.ciphertext) }
    return openRow(key, { ...binding, ...changes }, sealed)
  } catch {
    return undefined
  }
}

describe('what VDAB reads', () => {
  test('its members open, and of the others it learns the number', () => {
    world.months.forEach((received, month) => {
      const own = ownRows(world, month)
      const rows = rowsOf(received)
      const [mine, others] = [
        rows.filter(row => own.has(row.rowId)),
        rows.filter(row => !own.has(row.rowId)),
      ]
      expect([mine.length, others.length]).toEqual([MEMBERS, SIZE - MEMBERS])
      for (const row of mine) {
        const key = deriveRowKey(own.get(row.rowId)!.secret, PERIODS[month]!)
        expect(opens(received, key, row)).toEqual({
          tenantGround: 'art-6.1-1-a',
          referenceDate: DATES[month],
        })
      }
    })
  })

  test('no key that it can make opens a row of another, in any month or message', () => {
    const { members, months, domain } = world
    const keys = members.flatMap(({ secret, tag }) => [
      ...PERIODS.map(period => deriveRowKey(secret, period)),
      secret,
      Buffer.concat([tag, tag]),
      Buffer.from(hkdfSync('sha256', secret, '', `huisbrug tag v1 ${domain}`, 32)),
    ])
    let tries = 0
    months.forEach((received, month) => {
      const own = ownRows(world, month)
      for (const row of rowsOf(received).filter(it => !own.has(it.rowId))) {
        for (const key of keys) {
          for (const { body } of months) {
            const { period, messageId } = body as Record<string, string>
            tries++
            if (opens(received, key, row, { period, messageId })) throw new Error('it opened')
          }
        }
      }
    })
    expect(tries).toBe(2 * (SIZE - MEMBERS) * MEMBERS * 5 * 2)
  })

  test('a row of a member opens nowhere else: not in another message, month or place', () => {
    const [first, second] = world.months as [Received, Received]
    const own = ownRows(world, 0)
    const row = rowsOf(first).find(it => own.has(it.rowId))!
    const key = deriveRowKey(own.get(row.rowId)!.secret, PERIODS[0]!)
    expect(opens(first, key, row)).toBeDefined()
    const { messageId, period } = second.body
    for (const change of [
      { messageId },
      { period },
      { domain: 'wm-vdab/1/2' },
      { rowId: Buffer.alloc(16) },
    ]) {
      expect(opens(first, key, row, change)).toBeUndefined()
    }
  })

  test('it may not evaluate under the subject index, nor under a domain of others', async () => {
    const blinded = [
      Buffer.from(blindInput(VOPRF, inputOf('x'), randomScalar())).toString('base64url'),
    ]
    for (const domain of ['subject', 'of-others/1/1', 'wm-vdab/1/2']) {
      const asked = world.gateway.clients.vdab.evaluate({ domain, blinded })
      await expect(asked).rejects.toMatchObject({ code: 'HB-412' })
    }
  })
})

describe('one month beside the other', () => {
  test('of no person outside the register anything is equal', () => {
    const strangers = world.months.map((received, month) => {
      const own = ownRows(world, month)
      return rowsOf(received).filter(row => !own.has(row.rowId))
    })
    const parts = strangers.map(rows => {
      const found = new Set<string>()
      for (const { rowId, nonce, ciphertext } of rows) {
        for (const part of [rowId, nonce, ciphertext].map(bytes)) {
          for (let at = 0; at + 8 <= part.length; at++) found.add(part.toString('hex', at, at + 8))
        }
      }
      return found
    })
    expect(parts[0]!.size).toBeGreaterThan(8_000)
    expect([...parts[0]!].filter(part => parts[1]!.has(part))).toEqual([])
  })

  test('the order is that of the row ids, and follows neither the sender nor the month before', async () => {
    const ranks: number[][] = []
    for (const received of world.months) {
      const ids = rowsOf(received).map(row => bytes(row.rowId).toString('hex'))
      expect(ids).toEqual(ids.toSorted())
      expect(new Set(ids).size).toBe(SIZE)
      // What only the test can know: whose row is where.
      const { rows } = await world.gateway.db.pool.query<{ id: string; subject: string }>(
        `SELECT encode(d.row_id, 'hex') AS id, encode(d.subject_tag, 'hex') AS subject
         FROM detection_row d WHERE d.message_id = $1 ORDER BY 2`,
        [received.body['messageId']],
      )
      ranks.push(rows.map(row => ids.indexOf(row.id)))
    }
    const { gateway, domain, strangers } = world
    const cipher = await RouteCipher.open(gateway.context.keys, domain, 'woonboog')
    const sent = sentOf(strangers).map(it => cipher.hash(it.tenantRef).toString('hex'))
    const { rows: places } = await gateway.db.pool.query<{ hash: string }>(
      `SELECT encode(reference_hash, 'hex') AS hash FROM route
       WHERE domain = $1 AND party_id = 'woonboog' ORDER BY encode(subject_tag, 'hex')`,
      [domain],
    )
    const inOrderSent = places.map(row => sent.indexOf(row.hash))
    expect(inOrderSent.toSorted((a, b) => a - b)).toEqual(sent.map((_, at) => at))
    // Five standard deviations of what chance gives: 1 / √(n - 1).
    const bound = 5 / Math.sqrt(SIZE - 1)
    expect(Math.abs(correlation(ranks[0]!, ranks[1]!))).toBeLessThan(bound)
    expect(Math.abs(correlation(ranks[0]!, inOrderSent))).toBeLessThan(bound)
    expect(correlation(ranks[0]!, ranks[0]!)).toBeCloseTo(1)
  })

  test('the end of a tenancy gives a tag of which nothing is in any row', async () => {
    const { gateway, strangers, months } = world
    await endTenancies(gateway, 'woonboog', strangers.slice(0, 10))
    const told = await until('VDAB is told', () => gateway.vdab.to('/api/tenancies/ended')[0])
    const tags = (told.body['items'] as { tag: string }[]).map(it => it.tag)
    expect(tags).toHaveLength(10)
    expect(tags.map(tag => bytes(tag).toString('hex'))).toEqual(
      tags.map(tag => bytes(tag).toString('hex')).toSorted(),
    )
    const all = months.map(it =>
      Buffer.concat(rowsOf(it).flatMap(row => [bytes(row.rowId), bytes(row.ciphertext)])),
    )
    for (const tag of tags) {
      for (let at = 0; at + 6 <= 16; at++) {
        const part = bytes(tag).subarray(at, at + 6)
        expect(all.some(body => body.includes(part))).toBe(false)
      }
    }
  })
})

describe('two worlds that differ in who the others are', () => {
  /** A body with what is fresh in every message taken out. */
  const shapeOf = ({ body }: Received) => ({
    ...body,
    messageId: String(body['messageId']).length,
    requestDigest: String(body['requestDigest']).length,
    rows: rowsOf({ body } as Received).map(row =>
      Object.entries(row).map(([name, value]) => [name, String(value).length]),
    ),
  })

  test('give bodies of one shape, one length and one form of headers', () => {
    world.months.forEach((received, month) => {
      const twin = other.months[month]!
      expect(shapeOf(received)).toEqual(shapeOf(twin))
      expect(received.raw.length).toBe(twin.raw.length)
      const headers = (it: Received) => Object.keys(it.headers).toSorted()
      expect(headers(received)).toEqual(headers(twin))
      expect(received.headers['content-length']).toBe(twin.headers['content-length'])
      const lengths = shapeOf(received).rows.map(row => JSON.stringify(row))
      expect(new Set(lengths)).toEqual(new Set(['[["rowId",22],["nonce",16],["ciphertext",192]]']))
    })
  })

  test('the bytes of rows are as random bytes are, whatever the content', () => {
    for (const { months } of [world, other]) {
      const all = months.flatMap(it =>
        rowsOf(it).map(row => Buffer.concat([bytes(row.nonce), bytes(row.ciphertext)])),
      )
      // Each bit of a row over all rows, and each row over its bits: five standard deviations.
      const width = all[0]!.length * 8
      const bit = (row: Buffer, at: number) => (row[at >> 3]! >> (at & 7)) & 1
      for (let at = 0; at < width; at++) {
        expect(
          deviation(
            all.reduce((sum, row) => sum + bit(row, at), 0),
            all.length,
          ),
        ).toBeLessThan(5.5)
      }
      for (const row of all) {
        const ones = Array.from({ length: width }, (_, at) => bit(row, at)).reduce((a, b) => a + b)
        expect(deviation(ones, width)).toBeLessThan(5.5)
      }
    }
  })

  test('a message id tells when it was received, to the millisecond, and is random for the rest', () => {
    const ids = [world, other].flatMap(({ months }) =>
      months.map(it => String(it.body['messageId'])),
    )
    const parts = ids.map(id => /^msg_([0-9A-Z]{10})([0-9A-Z]{16})$/.exec(id)!)
    const now = Date.now()
    for (const [, time = ''] of parts) {
      const at = [...time].reduce((sum, digit) => sum * 32 + CROCKFORD.indexOf(digit), 0)
      expect(at).toBeGreaterThan(now - 600_000)
      expect(at).toBeLessThanOrEqual(now)
    }
    expect(new Set(parts.map(part => part[2])).size).toBe(4)
    // One call for each request, of the size that the company chose.
    expect([world, other].map(it => it.gateway.vdab.to('/api/detections').length)).toEqual([2, 2])
  })

  test('in headers and bodies no number and no reference of anyone', () => {
    for (const { gateway, strangers, members } of [world, other]) {
      const all = gateway.vdab.received.map(it => it.raw + JSON.stringify(it.headers)).join('\n')
      for (const { insz, tenantRef } of strangers) {
        expect(all).not.toContain(insz)
        expect(all).not.toContain(`"${tenantRef}"`)
      }
      for (const { insz } of members) expect(all).not.toContain(insz)
    }
  })
})

describe('what VDAB can do', () => {
  test('within one month it sees that two companies named the same stranger', async () => {
    const { gateway, strangers } = world
    const person = strangers[59]!
    const sent = await gateway.clients.leefgoed.detect(
      detection([{ ...person, tenantRef: 'moved-in' }]),
    )
    const [row] = rowsOf(await forwardedTo(gateway, sent.messageId))
    const here = rowsOf(world.months[1]!).find(it => it.rowId === row!.rowId)
    expect(here).toBeDefined()
    expect([row!.nonce, row!.ciphertext]).not.toEqual([here!.nonce, here!.ciphertext])
    expect(rowsOf(world.months[0]!).map(it => it.rowId)).not.toContain(row!.rowId)
  })

  test('it can guess as many numbers as its quota has left, and not one more', async () => {
    const { gateway, domain, strangers, months } = world
    const left = QUOTA - MEMBERS
    expect((await domainOf(gateway))!.quotaLeft).toBe(left)
    const numbers = strangers.map(it => it.insz)
    const tooMany = evaluate(gateway, domain, numbers.slice(0, left + 1))
    await expect(tooMany).rejects.toMatchObject({ code: 'HB-602' })
    const guessed = await evaluate(gateway, domain, numbers.slice(0, left))
    const another = evaluate(gateway, domain, numbers.slice(left, left + 1))
    await expect(another).rejects.toMatchObject({ code: 'HB-602' })
    months.forEach((received, month) => {
      const period = PERIODS[month]!
      const byId = new Map(
        guessed.map(it => [deriveRowId(it.secret, period).toString('base64url'), it]),
      )
      const read = rowsOf(received).filter(row => {
        const person = byId.get(row.rowId)
        return person && opens(received, deriveRowKey(person.secret, period), row)
      })
      // Who guesses a tenant's number right knows it; the others stay closed.
      expect(read).toHaveLength(left)
      expect(rowsOf(received)).toHaveLength(SIZE)
    })
    expect((await domainOf(gateway))!.quotaLeft).toBe(0)
  })
})

function correlation(left: number[], right: number[]): number {
  const mean = (list: number[]) => list.reduce((a, b) => a + b) / list.length
  const [x, y] = [mean(left), mean(right)]
  const sum = (of: (i: number) => number) => left.reduce((total, _, i) => total + of(i), 0)
  const cross = sum(i => (left[i]! - x) * (right[i]! - y))
  return cross / Math.sqrt(sum(i => (left[i]! - x) ** 2) * sum(i => (right[i]! - y) ** 2))
}

/** How many standard deviations a number of ones is from half of all. */
function deviation(ones: number, all: number): number {
  return Math.abs(ones - all / 2) / (Math.sqrt(all) / 2)
}
