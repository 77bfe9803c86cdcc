import express from 'express'
import { type DecryptionKeys, EnvelopeError, openCall } from '../client/envelope.ts'
import type { Journal } from '../client/journal.ts'
import { RegisterError } from '../client/register-error.ts'
import type {
  ForwardedDetection,
  ForwardedProgress,
  ForwardedTenanciesEnded,
} from '../client/types.ts'
import type { createVdabAccess } from './vdab-access.ts'
import type { AnswerBook } from './vdab-answers.ts'
import type { FoundPerson, VdabRegister } from './vdab-register.ts'
import type { AnswerSender } from './vdab-sender.ts'

export interface VdabParts {
  access: ReturnType<typeof createVdabAccess>
  register: VdabRegister
  book: AnswerBook
  sender: AnswerSender
  /** Everything received, as it came. */
  received: Journal<unknown>
  /** Private, to open calls that come in an envelope. */
  encryptionKeys: DecryptionKeys
  onChange(): void
  /** Whom of those it could open it says to have found, and how it reaches them; as they are unless told. */
  choose?(people: FoundPerson[], request: ForwardedDetection): FoundPerson[]
}

interface Message {
  messageId: string
}

type Take = (message: unknown) => Promise<void>

/** What VDAB offers to the gateway: detections, ended tenancies and progress. */
export function createVdabApp(parts: VdabParts): express.Express {
  const { access, register, book, sender, choose = people => people } = parts
  const app = express()
  app.disable('x-powered-by')
  app.use(access.router)
  app.get('/health', (_request, response) => {
    response.json({ status: 'ok' })
  })
  const bytes = express.raw({ type: ['application/json', 'application/jose'], limit: '6mb' })
  app.use(access.requireToken, bytes, access.requireSignature, readBodies(parts))
  app.post(
    '/detections',
    takeMessages(parts, async message => {
      const request = message as ForwardedDetection
      const found = choose(await register.match(request), request)
      sender.add(await book.plan(request, found, new Date().toISOString().slice(0, 10)))
    }),
  )
  app.post(
    '/tenancies/ended',
    takeMessages(parts, async message => {
      const { messageId, items } = message as ForwardedTenanciesEnded
      await book.tenanciesEnded(
        messageId,
        items.map(item => item.tag),
      )
    }),
  )
  app.post(
    '/progress',
    takeMessages(parts, async message => {
      const { messageId, items } = message as ForwardedProgress
      await book.progress(messageId, items.length)
    }),
  )
  return app
}

/** Reads what was signed; a call in an envelope goes on as if it had come in JSON. */
function readBodies({ encryptionKeys }: VdabParts): express.RequestHandler {
  return async (request, response, next) => {
    try {
      const text = String(request.body)
      const key = request.get('idempotency-key') ?? ''
      const sealed = request.is('application/jose')
      request.body = sealed ? await openCall(text, key, encryptionKeys) : JSON.parse(text)
      next()
    } catch (error) {
      response.status(error instanceof EnvelopeError && error.mayPass ? 503 : 400).end()
    }
  }
}

/**
 * A message is kept as it came, then taken, then acknowledged; one that comes again is acknowledged
 * again and taken once.
 */
function takeMessages(parts: VdabParts, take: Take): express.RequestHandler {
  const underWay = new Map<string, Promise<void>>()
  const takeNew = async (path: string, message: Message) => {
    if (parts.book.has(message.messageId)) return
    await parts.received.append({ path, body: message })
    await take(message)
  }
  return async (request, response) => {
    const message = request.body as Message & { domain?: string }
    const { messageId } = message
    const key = request.get('idempotency-key') ?? ''
    const refusal = refusalOf(parts, key, message)
    if (refusal) {
      response.status(refusal).set('Retry-After', '1').end()
      return
    }
    // The part of a message under another domain has a key of its own.
    const part = { ...message, messageId: key }
    const running = underWay.get(key) ?? takeNew(request.path, part)
    underWay.set(key, running)
    try {
      await running
      response.status(202).json({ messageId })
    } catch (error) {
      // A row that was changed on the way will not open the next time either.
      response.status(error instanceof RegisterError ? 422 : 500).end()
    } finally {
      underWay.delete(key)
      parts.onChange()
    }
  }
}

const DELIVERY_ID = /^del_[0-9A-HJKMNP-TV-Z]{26}$/

function refusalOf(
  { register }: VdabParts,
  key: string,
  message: Message & { domain?: string },
): number | undefined {
  const named = key === message.messageId || DELIVERY_ID.test(key)
  if (typeof message.messageId !== 'string' || !named) return 400
  // Too early: the register is still being prepared for this domain.
  return register.isPrepared(message.domain ?? '') ? undefined : 503
}
