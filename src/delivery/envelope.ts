import { CompactEncrypt } from 'jose'
import type { EncryptionKey } from '../access/public-jwks.ts'
import type { Context } from '../context.ts'
import { modalitiesOf } from '../protocol/lookup.ts'
import type { Envelope } from './event.ts'
import type { HandOver } from './outbox.ts'

/** Why a hand-over waits whose protocol asks for an envelope while its destination has no key for one. */
export const NO_ENCRYPTION_KEY = 'no-encryption-key'

/** The media type of a compact JWE (RFC 7516 section 8). */
export const JOSE = 'application/jose'

/** An event as it leaves: what routes it stays readable, its data may be in an envelope. */
export type SentEvent = Envelope | SealedEvent

type SealedEvent = Omit<Envelope, 'datacontenttype' | 'data'> & {
  datacontenttype: typeof JOSE
  /** Compact JWE. */
  data: string
}

/**
 * Whether the protocol of a hand-over has its content leave in an envelope only: every call to the
 * employment service, every event about a message. Events about a protocol and test events say
 * nothing of anyone and never have one.
 */
export function asksEnvelope(context: Context, { kind, message }: HandOver): boolean {
  if (!message.protocol) return false
  const envelope = modalitiesOf(context.protocols.current(), message.protocol)?.envelope
  return (kind === 'event' ? envelope?.events : envelope?.calls) ?? false
}

/** How a hand-over may leave: as it is, in an envelope for this key, or not as long as there is none. */
export type Cover = 'open' | EncryptionKey | typeof NO_ENCRYPTION_KEY

/** How each of some hand-overs to one destination may leave, by its id. */
export async function coversFor(
  context: Context,
  destination: string,
  handOvers: HandOver[],
): Promise<Map<string, Cover>> {
  const asked = handOvers.some(handOver => asksEnvelope(context, handOver))
  const key = asked ? await context.parties.encryptionKeyOf(destination) : undefined
  return new Map(handOvers.map(handOver => [handOver.id, coverOf(context, handOver, key)]))
}

/** How one hand-over may leave, given the key of its destination. */
export function coverOf(
  context: Context,
  handOver: HandOver,
  key: EncryptionKey | undefined,
): Cover {
  return asksEnvelope(context, handOver) ? (key ?? NO_ENCRYPTION_KEY) : 'open'
}

/**
 * Seals the body of a call: a compact JWE (RFC 7516, ECDH-ES of RFC 7518 section 4.6 with a fresh
 * ephemeral key, A256GCM).
 * @param id the Idempotency-Key: bound, so that the body of another call does not pass for this one
 */
export async function sealCall(body: object, key: EncryptionKey, id: string): Promise<string> {
  return seal(body, key, { typ: 'call+jwe', id })
}

/** An event as it may leave: its data sealed and bound to its id, where there is a key to do it with. */
export async function coverEvent(event: Envelope, key: 'open' | EncryptionKey): Promise<SentEvent> {
  if (key === 'open') return event
  const data = await seal(event.data, key, { typ: 'event+jwe', id: event.id })
  return { ...event, datacontenttype: JOSE, data }
}

function seal(
  content: object,
  { kid, key }: EncryptionKey,
  header: { typ: string; id: string },
): Promise<string> {
  return new CompactEncrypt(Buffer.from(JSON.stringify(content)))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid, cty: 'json', ...header })
    .encrypt(key)
}
