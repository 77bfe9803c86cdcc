import type { FuzzRequest } from './draft.ts'
import { faultsOf } from './judge.ts'
import { Requests } from './requests.ts'
import { type FuzzReply, Sender } from './send.ts'
import type { World } from './world.ts'

export interface FuzzOptions {
  seed: number
  requests: number
  connections: number
  progress?: (done: number) => void
  /** Stops where it says so, between requests. */
  stopped?: () => boolean
}

/** How one operation fared. */
export interface OperationFigures {
  requests: number
  /** Replies of 2xx. */
  good: number
  /** Such as `422 HB-202`. */
  answers: Record<string, number>
}

export interface FuzzOutcome {
  requests: number
  operations: Record<string, OperationFigures>
  statuses: Record<string, number>
  /** What mutations were made, and how often. */
  mutations: Record<string, number>
  /** Requests that Node's own client would not write. */
  unsent: number
  /** What was wrong, once each, with the first request that showed it. */
  faults: string[]
  /** Of each operation everything that it answered, to be looked through. */
  replies: Map<string, string[]>
  seconds: number
}

/** Sends so many requests and looks at each reply. */
export async function fuzz(world: World, options: FuzzOptions): Promise<FuzzOutcome> {
  const outcome = newOutcome()
  const faults = new Map<string, string>()
  const requests = new Requests(world, options.seed)
  const sender = new Sender(world.gateway.url, options.connections)
  const started = performance.now()
  let next = 0
  const work = async () => {
    while (next < options.requests && !options.stopped?.()) {
      const request = requests.make(next++)
      world.noteReferences(request.as, request.body)
      const reply = await sender.send(request)
      if (reply === undefined) outcome.unsent += 1
      else if (reply instanceof Error) note(faults, request, `no reply: ${reply.message}`)
      else {
        const hasSaid = (word: string) => world.hasSaid(request.as ?? '', word)
        for (const fault of faultsOf(request, reply, hasSaid)) note(faults, request, fault, reply)
        count(outcome, request, reply)
        learn(world, request, reply)
      }
      options.progress?.(next)
    }
  }
  await Promise.all(Array.from({ length: options.connections }, work))
  sender.close()
  outcome.faults = [...faults.values()]
  outcome.seconds = (performance.now() - started) / 1000
  return outcome
}

function newOutcome(): FuzzOutcome {
  return {
    ...{ requests: 0, operations: {}, statuses: {}, mutations: {}, unsent: 0 },
    ...{ faults: [], replies: new Map(), seconds: 0 },
  }
}

function note(
  faults: Map<string, string>,
  request: FuzzRequest,
  fault: string,
  reply?: FuzzReply,
): void {
  const { number, operation, as, method, target, made, body, headers } = request
  const name = `${operation.id}: ${fault.replace(/kanarie-\S+/g, 'what was planted')}`
  if (faults.has(name)) return
  const shown = { ...headers, authorization: headers['authorization']?.slice(0, 20) }
  const lines = [
    `${fault}`,
    `  request ${number} (${made}) as ${as}: ${method} ${target}`.slice(0, 400),
    `  headers ${JSON.stringify(shown)}`.slice(0, 600),
    `  body ${body?.toString('utf8')}`.slice(0, 1_200),
    ...(reply ? [`  reply ${reply.status} ${reply.text}`.slice(0, 800)] : []),
  ]
  faults.set(name, lines.join('\n'))
}

function count(outcome: FuzzOutcome, { operation, made }: FuzzRequest, reply: FuzzReply): void {
  const { status, text, headers } = reply
  outcome.requests += 1
  const figures = outcome.operations[operation.id] ?? { requests: 0, good: 0, answers: {} }
  outcome.operations[operation.id] = figures
  figures.requests += 1
  if (status >= 200 && status < 300) figures.good += 1
  const code = status >= 400 ? ` ${/"code":"(HB-\d{3})"/.exec(text)?.[1] ?? ''}` : ''
  add(figures.answers, `${status}${code}`)
  add(outcome.statuses, status)
  for (const what of made.split(' ')) add(outcome.mutations, what)
  const replies = outcome.replies.get(operation.id) ?? []
  outcome.replies.set(operation.id, replies)
  replies.push(`${JSON.stringify(headers)} ${text}`)
}

function add(counts: Record<string, number>, name: string | number): void {
  counts[name] = (counts[name] ?? 0) + 1
}

// In what it says of an approval; the id of the reply itself is an `instance`.
const APPROVAL = /(?<!"instance":")\breq_[0-7][0-9A-HJKMNP-TV-Z]{25}\b/

function learn(world: World, { operation, as, target, body }: FuzzRequest, reply: FuzzReply): void {
  const { known } = world
  const { status, text } = reply
  if (as && status < 300) world.learn(as, text)
  const waiting = operation.id === 'eraseSubject' && text.includes('HB-514') && APPROVAL.exec(text)
  if (waiting && body) {
    known.approvals.push(waiting[0])
    known.asked.set(waiting[0], parsed(body))
  }
  if (operation.id === 'addCheckpoint' && status < 300) {
    known.cosigned = Number(
      /\n(\d+)\n/.exec(body?.toString().split('\n\n')[1] ?? '')?.[1] ?? known.cosigned,
    )
  }
  if (operation.id === 'restrictSubject' && text.includes('"preview":false') && body) {
    known.restricted.push(String(parsed(body)['insz']))
  }
  const id = operation.id === 'decideApproval' && status === 204 && APPROVAL.exec(target)?.[0]
  const asked = id && known.asked.get(id)
  if (asked) known.approved.push({ ...asked, approval: id })
}

// Decoded as the gateway does, without a mark at the start.
function parsed(body: Buffer): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(body))
}
