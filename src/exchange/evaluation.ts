import type { Caller } from '../access/operations.ts'
import type { Context } from '../context.ts'
import { type ErrorCode, Refusal, reason, refuse } from '../errors.ts'
import { agreementOf, allowanceOf } from '../protocol/lookup.ts'
import type { DomainState } from '../pseudonym/domains.ts'
import { PseudonymError } from '../pseudonym/errors.ts'
import { findPublication, findPublicKey, SUBJECT_DOMAIN } from '../pseudonym/published-key.ts'
import { type Allowance, quotaLeft } from '../pseudonym/quota.ts'
import { takeCounted } from './quotas.ts'
import { assertSignedCall } from './signature.ts'
import { assertBound } from './token-binding.ts'

interface EvaluationReply {
  domain: string
  publicKey: string
  evaluated: string[]
  proof: string
  quotaLeft: number
}

interface DomainView {
  domain: string
  state: string
  publicKey: string
  quotaLeft: number
  /** The entry that publishes the key and its proof; absent until it is sequenced. */
  published?: { entry: string; proof: string }
}

/** What a party may evaluate under, and how much. */
interface OwnDomain {
  name: string
  /** The agreement that grants it. */
  protocol: string
  state: DomainState
  publicKey: Uint8Array
  allowance: Allowance
}

/**
 * Evaluates blinded elements under a domain's key, or that of the subject index: the gateway learns
 * their number only. The quota is taken first, so that a failing call cannot be used to guess.
 * @param take how it is taken
 * @throws Refusal HB-410, HB-411 (elements), HB-412, HB-413 (domain), HB-602 (quota)
 */
export async function evaluateBlindly(
  context: Context,
  caller: Caller,
  name: string,
  blinded: string[],
  at: Date,
  take: (request: Parameters<typeof takeCounted>[1]) => Promise<number> = request =>
    takeCounted(context, request),
): Promise<EvaluationReply> {
  const domain = await findOwnDomain(context, caller, name)
  assertDistinct(blinded)
  const elements = blinded.map(element => Buffer.from(element, 'base64url'))
  await context.evaluator.assertReachable()
  const left = await take({
    party: caller.party,
    domain,
    count: elements.length,
    allowance: domain.allowance,
    at,
  })
  const { evaluated, proof } = await context.evaluator
    .evaluate(name, elements)
    .catch(toElementRefusal)
  return {
    domain: name,
    publicKey: base64url(domain.publicKey),
    evaluated: evaluated.map(base64url),
    proof: base64url(proof),
    quotaLeft: left,
  }
}

/**
 * The domains in which a party has a quota, oldest epoch first, and the subject index where it may
 * evaluate under that.
 */
export async function listDomains(
  context: Context,
  caller: Caller,
  at: Date,
): Promise<DomainView[]> {
  const own = await ownDomains(context, caller.party)
  const subject = await subjectIndexOf(context, caller, own)
  const all = subject ? [...own, subject] : own
  return Promise.all(all.map(domain => viewOf(context, caller.party, domain, at)))
}

/**
 * The recipient's register is ready for a domain: it becomes current. Saying so twice is saying it once.
 * @throws Refusal HB-412, HB-413
 */
export async function reportReady(
  context: Context,
  caller: Caller,
  name: string,
  at: Date,
): Promise<DomainView> {
  const domain = await findOwnDomain(context, caller, name)
  // A party that sends blindly has a quota too, but nobody waits for a register of it.
  if (caller.kind !== 'employment-service') throw refuseUnknown()
  const { state } = await context.domains.markReady(name, { party: caller.party, at })
  return viewOf(context, caller.party, { ...domain, state }, at)
}

async function viewOf(
  { pool }: Context,
  party: string,
  domain: OwnDomain,
  at: Date,
): Promise<DomainView> {
  const { name, state, publicKey, allowance } = domain
  const published = await findPublication(pool, name)
  return {
    domain: name,
    state,
    publicKey: base64url(publicKey),
    quotaLeft: await quotaLeft(pool, { party, domain, allowance, at }),
    ...(published && {
      published: { entry: base64url(published.entry), proof: published.proof },
    }),
  }
}

async function findOwnDomain(context: Context, caller: Caller, name: string): Promise<OwnDomain> {
  const own = await ownDomains(context, caller.party)
  const domain =
    name === SUBJECT_DOMAIN
      ? await subjectIndexOf(context, caller, own)
      : own.find(it => it.name === name)
  // A domain of others answers like one that does not exist.
  if (!domain) throw refuseUnknown()
  if (domain.state === 'closed') throw refuse('HB-413', '/domain', 'key epoch')
  const agreement = agreementOf(context.protocols.current(), domain.protocol)
  if (agreement) assertBound({ caller }, agreement.document)
  if (agreement) await assertSignedCall(context, caller, agreement.document)
  return domain
}

async function ownDomains(
  { domains, protocols, clock }: Context,
  party: string,
): Promise<OwnDomain[]> {
  const set = protocols.current()
  return (await domains.list()).flatMap(({ name, protocol, state, publicKey }) => {
    const allowance = allowanceOf(set, protocol, party, clock())
    return allowance ? [{ name, protocol, state, publicKey, allowance }] : []
  })
}

/**
 * The subject index, for who sends blindly under at least one open domain; its quota is that of the
 * agreement with the largest register. Who receives gets no index that spans protocols.
 */
async function subjectIndexOf(
  { pool }: Context,
  { kind }: Caller,
  own: readonly OwnDomain[],
): Promise<OwnDomain | undefined> {
  if (kind === 'employment-service') return undefined
  const [largest] = own
    .filter(({ state }) => state !== 'closed')
    .toSorted((a, b) => b.allowance.registerSize - a.allowance.registerSize)
  const publicKey = largest && (await findPublicKey(pool, SUBJECT_DOMAIN))
  return publicKey && { ...largest, name: SUBJECT_DOMAIN, state: 'current', publicKey }
}

function refuseUnknown(): Refusal {
  return refuse('HB-412', '/domain', 'modalities.evaluation')
}

function assertDistinct(blinded: string[]): void {
  const seen = new Set<string>()
  blinded.forEach((element, index) => {
    if (seen.has(element)) throw refuse('HB-411', `/blinded/${index}`, 'RFC 9497, blinding')
    seen.add(element)
  })
}

function toElementRefusal(error: unknown): never {
  if (error instanceof PseudonymError && error.code.startsWith('element')) {
    const code: ErrorCode = 'HB-410'
    throw new Refusal(reason(code, `/blinded/${error.index ?? 0}`, 'RFC 9497 4.1, ristretto255'))
  }
  throw error
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
