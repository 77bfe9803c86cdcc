import type { EvaluationReply, PrepareOptions } from './blind.ts'
import type { HuisbrugClient } from './client.ts'
import { HuisbrugProblem } from './problem.ts'
import { RegisterError } from './register-error.ts'

const QUOTA_USED_UP = 'HB-602'

/** What a register needs of a client; with `domains` it uses the rest of an allowance too. */
export type EvaluatingClient = Pick<HuisbrugClient, 'evaluate'> &
  Partial<Pick<HuisbrugClient, 'domains'>>

/**
 * The `evaluate` of `prepareRegister`, by way of a client: sends blinded elements to the gateway.
 * @throws RegisterError quota-used-up with the time of the next allowance and what is left now, and
 *   what the client throws
 */
export function evaluateWith(client: EvaluatingClient): PrepareOptions['evaluate'] {
  return async (domain, blinded) => {
    try {
      return decodeReply(await client.evaluate({ domain, blinded: blinded.map(encode) }))
    } catch (error) {
      if (!(error instanceof HuisbrugProblem) || error.code !== QUOTA_USED_UP) throw error
      const retryAt = new Date(Date.now() + (error.retryAfterMs ?? 0))
      const left = await readLeft(client, domain)
      const details = { retryAt, cause: error, ...(left !== undefined && { left }) }
      throw new RegisterError('quota-used-up', error.message, details)
    }
  }
}

// Only to use up what is left: without it the batch waits for the next allowance.
async function readLeft(
  { domains }: EvaluatingClient,
  domain: string,
): Promise<number | undefined> {
  const { items } = (await domains?.().catch(() => undefined)) ?? { items: [] }
  return items.find(it => it.domain === domain)?.quotaLeft
}

function decodeReply(reply: {
  evaluated: string[]
  proof: string
  publicKey: string
}): EvaluationReply {
  return {
    evaluated: reply.evaluated.map(decode),
    proof: decode(reply.proof),
    publicKey: decode(reply.publicKey),
  }
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function decode(text: string): Buffer {
  return Buffer.from(text, 'base64url')
}
