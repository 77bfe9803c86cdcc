import type { EvaluationReply, PrepareOptions } from './blind.ts'
import type { HuisbrugClient } from './client.ts'
import { HuisbrugProblem } from './problem.ts'
import { RegisterError } from './register-error.ts'

const QUOTA_USED_UP = 'HB-602'

/**
 * The `evaluate` of `prepareRegister`, by way of a client: sends blinded elements to the gateway.
 * @throws RegisterError quota-used-up with the time of the next allowance, and what the client throws
 */
export function evaluateWith(client: Pick<HuisbrugClient, 'evaluate'>): PrepareOptions['evaluate'] {
  return async (domain, blinded) => {
    try {
      return decodeReply(await client.evaluate({ domain, blinded: blinded.map(encode) }))
    } catch (error) {
      if (!(error instanceof HuisbrugProblem) || error.code !== QUOTA_USED_UP) throw error
      const retryAt = new Date(Date.now() + (error.retryAfterMs ?? 0))
      throw new RegisterError('quota-used-up', error.message, { retryAt, cause: error })
    }
  }
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
