import { SIGNATURE_HEADER } from '../access/message-signature.ts'
import type { Context } from '../context.ts'

/** One try of a call or webhook, as it is sent. */
export interface Sending {
  /** Party id of who receives it. */
  to: string
  url: string
  /** Idempotency-Key of a call, webhook-id of an event. */
  id: string
  body: string
}

/**
 * The header with the gateway's own signature over the bytes that are sent, bound to who receives them, where
 * and as which message; made anew for each try.
 */
export async function signatureHeader(
  { signing, clock, config }: Pick<Context, 'signing' | 'clock' | 'config'>,
  { to, url, id, body }: Sending,
): Promise<Record<string, string>> {
  const { origin, pathname } = new URL(url)
  const jws = await signing.signMessage(Buffer.from(body), {
    iss: config.publicUrl,
    aud: to,
    iat: Math.floor(clock().getTime() / 1000),
    htm: 'POST',
    htu: `${origin}${pathname}`,
    id,
  })
  return { [SIGNATURE_HEADER]: jws }
}
