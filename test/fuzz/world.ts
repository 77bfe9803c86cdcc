import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sodium from 'libsodium-wrappers-sumo'
import { ConsoleSessions } from '../../src/access/session.ts'
import { mayBeBlind } from '../blind-sender/support.ts'
import { addThirdProtocol, THIRD } from '../messages/third.ts'
import { OFFICE, openWelfare, type Welfare } from '../messages/welfare.ts'
import { accedeWithQuota } from '../published-keys/quota.ts'
import { openDomain } from '../support/detection.ts'
import { COMPANIES, type TestGateway, until } from '../support/gateway.ts'
import type { Received } from '../support/peer.ts'
import { syntheticNumber } from '../support/people.ts'
import { makeJws, testKey } from '../support/statements.ts'
import { otherLog } from '../witness/support.ts'
import { findPlanted, MARK } from './secrets.ts'

export const PARTIES = ['vdab', OFFICE, ...COMPANIES] as const
const PEOPLE = ['privacy-officer', 'second-officer', 'auditor', 'operator'] as const
/** Everyone who has credentials; the second officer is another person in the same role. */
export const ROLES: readonly string[] = [...PARTIES, ...PEOPLE]

const ENOUGH = '1000000'
const LOOK_MS = 250
const KEPT = 400
const TOKEN_MS = 240_000

/** A request that VDAB received and may answer. */
export interface OpenRequest {
  protocol: string
  type: string
  messageId: string
  requestDigest: string
  granularity: string
  rowIds: string[]
}

/** What is known of a gateway that is being worked with, so that new requests can be about it. */
export interface Known {
  /** Ids by party and prefix, such as `woonboog msg`. */
  ids: Map<string, string[]>
  open: OpenRequest[]
  tags: Map<string, { tag: string; domain: string }[]>
  domains: string[]
  approvals: string[]
  /** What waits for a second person, and what one approved. */
  asked: Map<string, object>
  approved: object[]
  /** Numbers of whom all exchange was stopped. */
  restricted: string[]
  references: Map<string, string[]>
  numbers: string[]
  keys: string[]
  logSize: number
  /** Of the other gateway's log, as this one cosigned it last. */
  cosigned: number
}

/** A gateway with three protocols, five parties and four people, and what is known of it. */
export class World {
  readonly welfare: Welfare
  readonly known: Known = {
    ...{ ids: new Map(), open: [], tags: new Map(), domains: [], approvals: [], keys: [] },
    ...{
      references: new Map(),
      numbers: [],
      logSize: 0,
      cosigned: 0,
      asked: new Map(),
      approved: [],
      restricted: [],
    },
  }
  /** Elements that can be evaluated. */
  readonly elements: string[]
  /** A log of another gateway that this one is a witness for. */
  readonly otherLog: ReturnType<typeof otherLog>
  readonly #folder: string
  readonly #seen = new Map<Received[], number>()
  readonly #users = new Set<string>()
  readonly #authorizations = new Map<string, string>()
  #tokensAt = 0
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #persons = 0

  private constructor(welfare: Welfare, folder: string, log: ReturnType<typeof otherLog>) {
    this.welfare = welfare
    this.#folder = folder
    this.otherLog = log
    const random = () => Buffer.from(sodium.crypto_core_ristretto255_random()).toString('base64url')
    this.elements = Array.from({ length: 40 }, random)
  }

  /** Starts everything; limits on how often and how much are out of the way. */
  static async open(): Promise<World> {
    await sodium.ready
    const folder = mkdtempSync(join(tmpdir(), 'huisbrug-fuzz-'))
    const log = otherLog('other.example/log')
    const logs = [{ origin: log.origin, verifierKeys: [log.verifierKey] }]
    writeFileSync(join(folder, 'logs.json'), JSON.stringify({ logs }))
    const welfare = await openWelfare([syntheticNumber(99_000)], {
      framework: document => {
        mayBeBlind(document)
        const many = { perDay: 1_000_000, perEpoch: 9_000_000 }
        Object.assign(document.periodicity.ceilings ?? {}, many)
      },
      settings: {
        ...{ HUISBRUG_PARTY_PER_SECOND: ENOUGH, HUISBRUG_PARTY_BURST: ENOUGH },
        ...{ HUISBRUG_ADDRESS_PER_SECOND: ENOUGH, HUISBRUG_ADDRESS_BURST: ENOUGH },
        ...{ HUISBRUG_FOUR_EYES: 'subject-erase', HUISBRUG_BODIES_MIB: '512' },
        HUISBRUG_WITNESS_FOR_FILE: join(folder, 'logs.json'),
      },
    })
    const world = new World(welfare, folder, log)
    const { gateway } = welfare
    await accedeWithQuota(gateway, 'woonboog', { registerSize: 1_000_000, dailyAllowance: 900_000 })
    await openDomain(gateway)
    await addThirdProtocol(gateway)
    await world.#openThird()
    await world.renew()
    await world.look()
    world.#timer = setInterval(() => world.lookAgain(), LOOK_MS).unref()
    return world
  }

  get gateway(): TestGateway {
    return this.welfare.gateway
  }

  async #openThird(): Promise<void> {
    const { vdab } = this.gateway.clients
    const { domain } = await until('a domain opens', async () => {
      const { items } = await vdab.domains()
      return items.find(it => it.domain.startsWith(`${THIRD}/`))
    })
    await vdab.domainReady(domain)
  }

  /** Gives everyone new credentials where the old ones near their end. */
  async renew(): Promise<void> {
    if (Date.now() - this.#tokensAt < TOKEN_MS) return
    this.#tokensAt = Date.now()
    const sessions = new ConsoleSessions({ pool: this.gateway.context.pool })
    for (const person of PEOPLE) {
      const role = person === 'second-officer' ? 'privacy-officer' : person
      this.#authorizations.set(person, `Bearer ${(await sessions.makeToken(role)).token}`)
    }
    for (const party of PARTIES) {
      const response = await fetch(`${this.gateway.url}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams(this.tokenRequest(party)),
      })
      const { access_token: token } = (await response.json()) as { access_token: string }
      this.#authorizations.set(party, `Bearer ${token}`)
    }
  }

  /** What a role presents. */
  authorizationOf(role: string): string {
    return this.#authorizations.get(role) ?? ''
  }

  /** The form of a good token request. */
  tokenRequest(party: string): Record<string, string> {
    const iat = Math.floor(Date.now() / 1000)
    const [aud, jti] = [`${this.gateway.url}/oauth/token`, randomUUID()]
    const claims = { iss: party, sub: party, aud, jti, iat, exp: iat + 60 }
    return {
      grant_type: 'client_credentials',
      client_id: party,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: makeJws(testKey(party), claims, { typ: 'JWT' }),
    }
  }

  /** A person that nothing was asked about yet. */
  newPerson(party: string): { insz: string; reference: string } {
    const index = this.#persons++
    const reference = `${MARK}-ref-${party}-${index.toString(16).padStart(12, '0')}`
    const insz = syntheticNumber(index)
    add(this.known.numbers, insz)
    add(listIn(this.known.references, party), reference)
    return { insz, reference }
  }

  /** Every number that a request was about. */
  personsAsked(): string[] {
    return Array.from({ length: this.#persons }, (_, index) => syntheticNumber(index))
  }

  ids(party: string, prefix: string): string[] {
    return listIn(this.known.ids, `${party} ${prefix}`)
  }

  /** Takes in what a reply or a call at a peer tells that party. */
  learn(party: string, text: string): void {
    for (const [id, prefix] of text.matchAll(/\b(msg|del|fb)_[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g)) {
      add(listIn(this.known.ids, `${party} ${prefix}`), id)
    }
  }

  /** Takes in which party said which references: they may come back to it. */
  noteReferences(as: string | undefined, body: Buffer | undefined): void {
    if (as === undefined || !body?.includes(MARK)) return
    for (const word of findPlanted(body.toString())) this.#users.add(`${as} ${word}`)
  }

  /** Whether a party itself said what was planted. */
  hasSaid(party: string, word: string): boolean {
    return this.#users.has(`${party} ${word}`)
  }

  lookAgain(): void {
    this.#looking = this.#looking.then(() => this.look()).catch(() => {})
  }

  /** Looks at what came at the peers, and at what only VDAB's own register could tell. */
  async look(): Promise<void> {
    const { vdab, hooks } = this.gateway
    for (const call of this.#newOf(vdab.received)) this.#learnForward(call)
    for (const [party, hook] of [...Object.entries(hooks), [OFFICE, this.welfare.hook] as const]) {
      for (const call of this.#newOf(hook.received)) this.learn(party, call.raw)
    }
    const { pool } = this.gateway.db
    const { rows } = await pool.query<{ protocol: string; tag: Buffer; domain: string }>(
      `SELECT m.protocol, d.tag, m.domain FROM detection_row d JOIN message m ON m.id = d.message_id
       WHERE m.domain IS NOT NULL ORDER BY m.id DESC LIMIT 100`,
    )
    for (const { protocol, tag, domain } of rows) {
      add(listIn(this.known.tags, protocol), { tag: tag.toString('base64url'), domain })
    }
    const { rows: domains } = await pool.query<{ name: string }>('SELECT name FROM domain')
    this.known.domains = domains.map(({ name }) => name)
    const { rows: heads } = await pool.query<{ size: number }>('SELECT size FROM audit_head')
    this.known.logSize = Number(heads[0]?.size ?? 0)
    await this.renew()
  }

  *#newOf(received: Received[]): Generator<Received> {
    const from = this.#seen.get(received) ?? 0
    this.#seen.set(received, received.length)
    yield* received.slice(from)
  }

  #learnForward({ body, raw }: Received): void {
    this.learn('vdab', raw)
    const { rows, messageId, requestDigest } = body
    if (!Array.isArray(rows) || typeof requestDigest !== 'string') return
    add(this.known.open, {
      protocol: String(body['protocol']),
      type: String(body['type'] ?? 'detection.request'),
      messageId: String(messageId),
      requestDigest,
      granularity: String(body['granularity']),
      rowIds: rows.map(row => String((row as { rowId: unknown }).rowId)),
    })
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
    await this.welfare.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function listIn<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? []
  lists.set(name, list)
  return list
}

function add<T>(list: T[], value: T): void {
  list.push(value)
  if (list.length > KEPT) list.splice(0, KEPT / 4)
}
