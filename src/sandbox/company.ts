import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { createClient, type HuisbrugClient } from '../client/client.ts'
import type { DecryptionKeys } from '../client/envelope.ts'
import { gatewayKeys } from '../client/message-signature.ts'
import type { ClientOptions } from '../client/transport.ts'
import { webhookListener } from '../client/webhook-listener.ts'
import { sendPeriod } from './batch-sender.ts'
import { ReceivedEvents, type Release } from './events.ts'
import { WM_VDAB } from './exchange.ts'
import { loadPeerKeys, readWhole, writeWhole } from './peer-keys.ts'
import type { Population } from './population.ts'
import { ProgressBook, type ProgressCounts } from './progress-book.ts'
import { RetryingQueue, replyOrRefusal } from './retrying-queue.ts'
import { SendingPlan } from './sending-plan.ts'

export interface CompanyOptions {
  gateway: string
  /** Party id of the housing company. */
  company: string
  /** Its own folder. */
  folder: string
  onChange(): void
  retry: NonNullable<ClientOptions['retry']>
}

/** Numbers over everything since the folder was made. */
export interface CompanyStatus extends ProgressCounts {
  company: string
  /** Tenants in the target group that were sent in the current period. */
  sent: number
  accepted: number
  refused: number
  messages: number
  /** Requests of which at least one tenant was accepted: those that reach VDAB. */
  messagesWithTenants: number
  /** Codes of requests that were refused whole. */
  requestRefusals: string[]
  periodClosed: boolean
  /** Set once sending has ended: how many tenants were left out of it. */
  notSent?: number
  feedback: number
  releases: Release[]
}

/** The back office of one housing company: sends its tenants, takes feedback, reports progress. */
export class Company {
  readonly #options: CompanyOptions
  readonly #client: HuisbrugClient
  readonly #events: ReceivedEvents
  readonly #progress: ProgressBook
  readonly #reports: RetryingQueue<string>
  readonly #listen: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  #secrets: string[] = []
  #plan: SendingPlan | undefined
  #notSent: number | undefined

  private constructor(
    options: CompanyOptions & { encryptionKeys: DecryptionKeys },
    client: HuisbrugClient,
    events: ReceivedEvents,
    progress: ProgressBook,
  ) {
    this.#options = options
    this.#client = client
    this.#events = events
    this.#progress = progress
    this.#reports = new RetryingQueue<string>({
      atOnce: 3,
      settle: feedbackId => this.#report(feedbackId),
      onSettled: options.onChange,
    })
    this.#listen = webhookListener({
      secrets: () => this.#secrets,
      encryptionKeys: () => options.encryptionKeys,
      gateway: {
        gateway: options.gateway,
        partyId: options.company,
        keys: gatewayKeys(options.gateway),
      },
      // An event is added with its content, in `handle`: nothing is left to do for the id alone.
      seen: { has: id => events.has(id), add: () => {} },
      handle: async event => {
        await events.add(event)
        const { feedbackId } = event.data
        if (event.type === 'be.huisbrug.feedback.reachability')
          this.#reports.add(String(feedbackId))
        options.onChange()
      },
    })
  }

  static async open(options: CompanyOptions): Promise<Company> {
    const { gateway, company, folder, retry } = options
    const { privateKey, encryptionKeys } = await loadPeerKeys(folder)
    const client = createClient({ gateway, partyId: company, privateKey, retry })
    const events = await ReceivedEvents.open(join(folder, 'events.jsonl'))
    const progress = await ProgressBook.open(join(folder, 'progress.jsonl'))
    return new Company({ ...options, encryptionKeys }, client, events, progress)
  }

  /** Takes a webhook request. */
  receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return this.#listen(request, response)
  }

  /** Tells the gateway where events go, then goes on with what the last run left. */
  async start(webhookUrl: string): Promise<void> {
    const file = join(this.#options.folder, 'webhook.json')
    const before = readWhole<{ secret: string }>(file)?.secret
    // What is on its way now may still be signed with the secret of before.
    this.#secrets = before ? [before] : []
    const { secret } = await this.#client.setWebhook({ url: webhookUrl })
    if (!secret) throw new Error('the gateway gave no webhook secret')
    this.#secrets = [secret, ...this.#secrets]
    writeWhole(file, { url: webhookUrl, secret })
    const feedbackIds = this.#events.feedback.map(({ feedbackId }) => feedbackId)
    this.#reports.add(...feedbackIds.filter(id => !this.#progress.isFinished(id)))
  }

  /** Sends the tenants in the target group for the period of the reference date and closes it. */
  async send(population: Population, referenceDate: string): Promise<void> {
    const { folder, company, onChange } = this.#options
    const file = join(folder, `sent-${referenceDate.slice(0, 7)}.jsonl`)
    const plan = await SendingPlan.open(file)
    this.#plan = plan
    this.#notSent = await sendPeriod({
      client: this.#client,
      plan,
      exchange: WM_VDAB,
      company,
      population,
      referenceDate,
      onChange,
    })
    onChange()
  }

  status(): CompanyStatus {
    const settlements = this.#plan?.settlements() ?? []
    const taken = settlements.filter(({ code }) => !code)
    const sum = (field: 'accepted' | 'refused') =>
      taken.reduce((total, settlement) => total + settlement[field], 0)
    return {
      company: this.#options.company,
      sent: sum('accepted') + sum('refused'),
      accepted: sum('accepted'),
      refused: sum('refused'),
      messages: taken.length,
      messagesWithTenants: taken.filter(({ accepted }) => accepted > 0).length,
      requestRefusals: settlements.flatMap(({ code }) => code ?? []),
      periodClosed: this.#plan?.isClosed ?? false,
      ...(this.#notSent !== undefined && { notSent: this.#notSent }),
      feedback: this.#events.feedback.length,
      releases: this.#events.releases,
      ...this.#progress.counts(),
    }
  }

  async close(): Promise<void> {
    await this.#reports.close()
    await Promise.all([this.#events.close(), this.#progress.close(), this.#plan?.end()])
  }

  async #report(feedbackId: string): Promise<void> {
    const today = new Date().toISOString().slice(0, 10)
    const { on, steps } = await this.#progress.planFor(feedbackId, today)
    for (const { status, nonce } of steps) {
      if (this.#progress.isReported(feedbackId, status)) continue
      const call = this.#client.progress(feedbackId, { status, on }, { nonce })
      const { code } = await replyOrRefusal(call)
      await this.#progress.reported(feedbackId, status, code)
    }
  }
}
