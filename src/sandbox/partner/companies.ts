import { createClient, type HuisbrugClient } from '../../client/client.ts'
import { HuisbrugProblem } from '../../client/problem.ts'
import type { Accepted } from '../../client/types.ts'
import { WM_VDAB } from '../exchange.ts'
import { loadPeerKeys } from '../peer-keys.ts'
import { sleepUntil } from '../retrying-queue.ts'
import type { Clock } from './clock.ts'
import type { People, Person } from './people.ts'
import { outcomeOf, type Scenario, USUAL } from './scenario.ts'

export interface CompaniesOptions {
  gateway: string
  /** Party ids, and where each has its keys. */
  companies: readonly { id: string; folder: string }[]
  people: People
  clock: Clock
  scenario(): Scenario
}

/** What one company did when asked. */
export interface Done {
  company: string
  tenants: number
  accepted: number
  messageId?: string
  /** Why not, where it was refused. */
  code?: string
}

interface Company {
  id: string
  client: HuisbrugClient
  /** Who lives there, in order; a person is sent once. */
  tenants: readonly Person[]
  sent: Person[]
  ended: Set<string>
}

const LOOK_MS = 1_000

/** Simulated housing companies: they send tenants when asked, and take up each feedback. */
export class Companies {
  readonly #options: CompaniesOptions
  readonly #companies: readonly Company[]
  readonly #stop = new AbortController()
  readonly #looking: Promise<unknown>

  private constructor(options: CompaniesOptions, companies: readonly Company[]) {
    this.#options = options
    this.#companies = companies
    this.#looking = Promise.all(companies.map(company => this.#look(company)))
  }

  static async open(options: CompaniesOptions): Promise<Companies> {
    const { gateway, people } = options
    const count = options.companies.length
    const opened = options.companies.map(async ({ id, folder }, place) => {
      const { privateKey } = await loadPeerKeys(folder)
      const client = createClient({ gateway, partyId: id, privateKey, retry: { attempts: 1 } })
      const tenants = people.list.filter((_, index) => index % count === place)
      return { id, client, tenants, sent: [], ended: new Set<string>() }
    })
    return new Companies(options, await Promise.all(opened))
  }

  /** Each sends so many tenants that it has not sent yet, chosen as the scenario says. */
  send(most: number): Promise<Done[]> {
    return this.#all(async ({ id, client, tenants, sent }) => {
      const next = tenants.filter(one => !sent.includes(one) && this.#isWanted(one)).slice(0, most)
      if (next.length === 0) return { company: id, tenants: 0, accepted: 0 }
      const referenceDate = new Date().toISOString().slice(0, 10)
      const reply = await client.detect({ ...WM_VDAB, referenceDate, tenants: next })
      sent.push(...next)
      return toDone(id, next.length, reply)
    })
  }

  /** Each says of so many whom it sent that they are tenants no longer. */
  endTenancies(most: number): Promise<Done[]> {
    return this.#all(async ({ id, client, sent, ended }) => {
      const next = sent.filter(({ tenantRef }) => !ended.has(tenantRef)).slice(0, most)
      if (next.length === 0) return { company: id, tenants: 0, accepted: 0 }
      const endedOn = new Date().toISOString().slice(0, 10)
      const items = next.map(({ tenantRef }) => ({ tenantRef, endedOn }))
      const reply = await client.tenanciesEnded({ protocol: WM_VDAB.protocol, items })
      for (const { tenantRef } of next) ended.add(tenantRef)
      return toDone(id, next.length, reply)
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#looking
  }

  #all(work: (company: Company) => Promise<Done>): Promise<Done[]> {
    const attempt = (company: Company) =>
      work(company).catch(error => {
        const code = error instanceof HuisbrugProblem ? error.code : 'no-answer'
        return { company: company.id, tenants: 0, accepted: 0, code }
      })
    return Promise.all(this.#companies.map(attempt))
  }

  // Whom VDAB's client file holds is fixed; what is sent of it is the scenario's.
  #isWanted(person: Person): boolean {
    const { found } = this.#options.scenario()
    if (found === 'mixed') return true
    const { people } = this.#options
    const isClient = outcomeOf(USUAL, people.seed, people.list.indexOf(person)).found
    return isClient === (found === 'all-found')
  }

  async #look(company: Company): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // The gateway may be away for a moment: what waits in the inbox waits on.
      await this.#takeInbox(company).catch(() => {})
      await sleepUntil(this.#stop.signal)(LOOK_MS).catch(() => {})
    }
  }

  async #takeInbox({ client }: Company): Promise<void> {
    const { items } = await client.inbox()
    for (const { type, data } of items) {
      if (type === 'be.huisbrug.feedback.reachability')
        await this.#takeUp(client, String(data['feedbackId']))
    }
    const last = items.at(-1)
    if (last) await client.acknowledge(last.id)
  }

  async #takeUp(client: HuisbrugClient, feedbackId: string): Promise<void> {
    const on = new Date().toISOString().slice(0, 10)
    const report = (status: 'taken-up' | 'closed') => client.progress(feedbackId, { status, on })
    await report('taken-up')
    const { clock, scenario } = this.#options
    clock.after(scenario().afterDays, 1, () => {
      report('closed').catch(() => {})
    })
  }
}

function toDone(company: string, tenants: number, { accepted, messageId }: Accepted): Done {
  return { company, tenants, accepted, messageId }
}
