import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createClient } from '../../src/client/client.ts'
import { Journal } from '../../src/client/journal.ts'
import type { ForwardedDetection } from '../../src/client/types.ts'
import { createVdabAccess } from '../../src/sandbox/vdab-access.ts'
import { AnswerBook } from '../../src/sandbox/vdab-answers.ts'
import { createVdabApp } from '../../src/sandbox/vdab-app.ts'
import { VdabRegister } from '../../src/sandbox/vdab-register.ts'
import { createAnswerSender } from '../../src/sandbox/vdab-sender.ts'
import { clientFileOf } from './people.ts'
import { type FromPeer, listenTo, type OpenVdab, type ToVdab, tell } from './talk.ts'

// VDAB as the sandbox plays it, with a register that outlives its gateway: `node bench/region/vdab.ts`.

interface Vdab {
  options: OpenVdab
  client: ReturnType<typeof createClient>
  register: VdabRegister
  domain: string
  requests: ForwardedDetection[]
}

let vdab: Vdab | undefined
let url = ''
let serve: RequestListener = (_request, response) => response.writeHead(503).end()

// Takes bytes and nothing more, at /bare: what cannot be done without.
const server = createServer((request, response) => {
  if (request.url !== '/bare') return serve(request, response)
  request.resume().once('end', () => response.writeHead(202).end())
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => {
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  tell({ kind: 'listening', url })
})

listenTo<ToVdab>(async message => {
  const started = performance.now()
  const found = await handle(message)
  const seconds = (performance.now() - started) / 1_000
  return { kind: 'done', seconds, ...(found !== undefined && { found }) } satisfies FromPeer
})

async function handle(message: ToVdab): Promise<number | undefined> {
  if (message.kind === 'open') vdab = open(message)
  if (!vdab) throw new Error('not open')
  if (message.kind === 'prepare') vdab.domain = await prepare(vdab)
  else if (message.kind === 'begin') await begin(vdab, message.folder)
  else if (message.kind === 'open-rows') return openAll(vdab)
  return undefined
}

function open(options: OpenVdab): Vdab {
  const { gateway, privateKey, crowd, folder, logKey } = options
  const client = createClient({ gateway, partyId: 'vdab', privateKey })
  const population = clientFileOf(crowd)
  const register = new VdabRegister({ client, population, folder, logKey })
  return { options, client, register, domain: '', requests: [] }
}

async function prepare({ register }: Vdab): Promise<string> {
  const [domain] = await register.prepareDomains(() => {})
  if (domain === undefined) throw new Error('there is no domain to prepare for')
  // The row ids of this month too.
  const period = new Date().toISOString().slice(0, 7)
  await register.match({ domain, period, messageId: '', rows: [] } as unknown as ForwardedDetection)
  return domain
}

/** Takes requests and answers them, with a new book. */
async function begin(current: Vdab, folder: string): Promise<void> {
  const { options, client, register } = current
  const book = await AnswerBook.open(join(folder, 'answers.jsonl'))
  const received = (await Journal.open<unknown>(join(folder, 'received.jsonl'))).journal
  const sender = createAnswerSender(client, book, () => {})
  const { gateway } = options
  const access = createVdabAccess({
    ...{ gateway, partyId: 'vdab', ownUrl: () => url },
    secretFile: join(folder, 'token-secret.json'),
  })
  current.requests = []
  serve = createVdabApp({
    ...{ access, register, book, sender, received, encryptionKeys: [], onChange: () => {} },
    choose: (people, request) => {
      current.requests.push(request)
      return people
    },
  })
}

async function openAll({ register, requests }: Vdab): Promise<number> {
  let found = 0
  for (const request of requests) found += (await register.match(request)).length
  return found
}
