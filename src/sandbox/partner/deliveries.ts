import axios from 'axios'
import type { JWK } from 'jose'
import { ASSERTION_TYPE, signAssertion } from '../../client/assertion.ts'
import type { Delivery } from '../../client/types.ts'

export interface DeliveriesOptions {
  /** Where the gateway itself listens: what the sandbox asks for its page is no call of the partner. */
  gateway: URL
  /** Public URL of the gateway, which tokens are asked for. */
  publicUrl: string
  party: string
  /** A key that is registered for the party. */
  privateKey: JWK
}

const MARGIN_MS = 60_000
const WITHIN_MS = 3_000

/**
 * Reads what the gateway hands over to the partner and how that goes: also where its software does not answer,
 * or is called past the sandbox.
 * @returns a function that gives the newest twenty; none where the gateway does not answer
 */
export function readerOfDeliveries(options: DeliveriesOptions): () => Promise<Delivery[]> {
  const { gateway, publicUrl, party, privateKey } = options
  const http = axios.create({ baseURL: gateway.href, timeout: WITHIN_MS, proxy: false })
  let token = { value: '', until: 0 }
  const fresh = async () => {
    const audience = `${publicUrl}/oauth/token`
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: party,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await signAssertion({ clientId: party, privateKey, audience }),
    })
    const { data } = await http.post<{ access_token: string; expires_in: number }>(
      'oauth/token',
      form,
    )
    return { value: data.access_token, until: Date.now() + data.expires_in * 1000 - MARGIN_MS }
  }
  return async () => {
    try {
      if (token.until < Date.now()) token = await fresh()
      const headers = { Authorization: `Bearer ${token.value}` }
      const { data } = await http.get<{ items: Delivery[] }>('v1/deliveries?limit=20', { headers })
      return data.items
    } catch {
      return []
    }
  }
}
