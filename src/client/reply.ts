import { type AxiosResponse, isAxiosError } from 'axios'
import { HuisbrugProblem, HuisbrugUnreachable } from './problem.ts'
import { parseRetryAfter } from './retry.ts'

/** Rethrows what axios says. Its error holds the request, body and token included: only its code leaves. */
export function unreachable(error: unknown): never {
  throw new HuisbrugUnreachable((isAxiosError(error) && error.code) || 'no answer')
}

/**
 * What a 2xx says: a JSON object, or nothing where it is a 204.
 * @throws HuisbrugProblem for any other status; HuisbrugUnreachable `NOT_JSON` where a 2xx is no answer
 *   of a gateway (a page of a proxy, or cut off): nothing shows that the call was done
 */
export function readAnswer(response: AxiosResponse<string>): object | undefined {
  const { status, headers } = response
  const answer = parseObject(response.data)
  if (status < 200 || status >= 300) {
    const retryAfter = parseRetryAfter(headers['retry-after'], new Date())
    throw new HuisbrugProblem(status, (answer ?? {}) as Record<string, unknown>, retryAfter)
  }
  if (answer === undefined && status !== 204) throw new HuisbrugUnreachable('NOT_JSON')
  return answer
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? value : undefined
  } catch {
    return undefined
  }
}
