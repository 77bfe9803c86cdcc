import type { Context } from '../context.ts'
import { type ErrorCode, Refusal, reason, refuse } from '../errors.ts'
import { allowanceOf } from '../protocol/lookup.ts'
import { PseudonymError } from '../pseudonym/errors.ts'
import { type Allowance, quotaLeft, takeQuota } from '../pseudonym/quota.ts'

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
}

/**
 * Evaluates blinded elements under a domain's key: the gateway learns their number only. The quota
 * is taken first, so that a failing call cannot be used to guess.
 * @throws Refusal HB-410, HB-411 (elements), HB-412, HB-413 (domain), HB-602 (quota)
 */
export async function evaluateBlindly(
  context: Context,
  party: string,
  name: string,
  blinded: string[],
  at: Date,
): Promise<EvaluationReply> {
  const { domain, allowance } = await findOwnDomain(context, party, name)
  assertDistinct(blinded)
  const elements = blinded.map(element => Buffer.from(element, 'base64url'))
  const left = await takeQuota(context.pool, {
    party,
    domain,
    count: elements.length,
    allowance,
    at,
  })
  const key = await context.domains.key(name)
  const { evaluated, proof } = await context.pseudonyms
    .evaluate({ key, publicKey: domain.publicKey, blinded: elements })
    .catch(toElementRefusal)
  return {
    domain: name,
    publicKey: base64url(domain.publicKey),
    evaluated: evaluated.map(base64url),
    proof: base64url(proof),
    quotaLeft: left,
  }
}

/** The domains in which a party has a quota, newest epoch first. */
export async function listDomains(
  context: Context,
  party: string,
  at: Date,
): Promise<DomainView[]> {
  const set = context.protocols.current()
  const views: DomainView[] = []
  for (const domain of await context.domains.list()) {
    const allowance = allowanceOf(set, domain.protocol, party)
    if (!allowance) continue
    const left = await quotaLeft(context.pool, { party, domain, allowance, at })
    const { name, state, publicKey } = domain
    views.push({ domain: name, state, publicKey: base64url(publicKey), quotaLeft: left })
  }
  return views
}

/**
 * The recipient's register is ready for a domain: it becomes current. Saying so twice is saying it once.
 * @throws Refusal HB-412, HB-413
 */
export async function reportReady(
  context: Context,
  party: string,
  name: string,
  at: Date,
): Promise<DomainView> {
  const { domain, allowance } = await findOwnDomain(context, party, name)
  const ready = await context.domains.markReady(name, { party, at })
  const left = await quotaLeft(context.pool, { party, domain, allowance, at })
  return {
    domain: name,
    state: ready.state,
    publicKey: base64url(domain.publicKey),
    quotaLeft: left,
  }
}

async function findOwnDomain(context: Context, party: string, name: string) {
  const domain = await context.domains.find(name)
  const allowance: Allowance | undefined =
    domain && allowanceOf(context.protocols.current(), domain.protocol, party)
  // A domain of others answers like one that does not exist.
  if (!domain || !allowance) throw refuse('HB-412', '/domain', 'modalities.evaluation')
  if (domain.state === 'closed') throw refuse('HB-413', '/domain', 'key epoch')
  return { domain, allowance }
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
