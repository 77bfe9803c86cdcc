import type { Request } from 'express'
import { SIGNATURE_HEADER, verifyMessageSignature } from '../access/message-signature.ts'
import type { Context } from '../context.ts'
import { Refusal } from '../errors.ts'
import type { ApiRequest } from './route.ts'

/**
 * The request, its caller with the signature that it gave over the body, verified before anything of the body is
 * read; a wrong one is refused also where none is asked, and is evidence. What could not be received is
 * refused as such.
 * @throws Refusal HB-128, HB-129, HB-130
 */
export async function withSignature(
  context: Context,
  request: Request,
  asked: ApiRequest,
): Promise<ApiRequest> {
  const { caller, raw, at, unreadable } = asked
  const given = asked.header(SIGNATURE_HEADER)
  if (given === undefined || !caller || unreadable) return asked
  const call = {
    party: caller.party,
    publicUrl: context.config.publicUrl,
    method: request.method,
    path: request.originalUrl.replace(/\?.*$/, ''),
    idempotencyKey: asked.header('idempotency-key'),
    body: raw,
    at,
  }
  try {
    const signature = await verifyMessageSignature(context.parties, given, call)
    return { ...asked, caller: { ...caller, signature } }
  } catch (error) {
    if (error instanceof Refusal) await context.tokens.noteRefusal(error.code, caller.party)
    throw error
  }
}
