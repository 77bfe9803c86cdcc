import { Agent } from 'node:http'
import axios from 'axios'
import { CONCURRENCY, type Forward, type OrdinarySettings } from './settings.ts'

/** Posts to the employment service; gives the status. */
export type Poster = (forward: Forward) => Promise<number>

const SECONDS_BEFORE = 60

/** An axios client with kept connections and a token that is kept while it is good. */
export function createPoster({ baseUrl, tokenUrl, jobs }: OrdinarySettings): Poster {
  const client = axios.create({
    httpAgent: new Agent({ keepAlive: true, maxSockets: CONCURRENCY[jobs] }),
    timeout: 10_000,
    maxRedirects: 0,
    maxBodyLength: Infinity,
    proxy: false,
    decompress: false,
    validateStatus: () => true,
  })
  let token: { value: Promise<string>; until: number } | undefined
  const fetchToken = async () => {
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'ordinary' })
    const { data } = await client.post<{ access_token: string; expires_in: number }>(tokenUrl, form)
    if (token) token.until = Date.now() + (data.expires_in - SECONDS_BEFORE) * 1_000
    return data.access_token
  }
  const tokenNow = () => {
    if (!token || token.until < Date.now()) token = { value: fetchToken(), until: Infinity }
    return token.value
  }
  return async forward => {
    const headers = { authorization: `Bearer ${await tokenNow()}` }
    const { status } = await client.post(`${baseUrl}/detections`, forward, { headers })
    if (status === 401) token = undefined
    return status
  }
}
