import { join } from 'node:path'
import { blindPeople } from '../client/blind-sender.ts'
import type { HuisbrugClient } from '../client/client.ts'
import { publishedKey } from '../client/published-key.ts'
import { RegisterError } from '../client/register-error.ts'
import { RegisterStore } from '../client/register-store.ts'
import type { BlindTenant, Domain, Tenant } from '../client/types.ts'
import { logKeysOf } from './partner-profile.ts'
import type { Partner } from './partner-run.ts'

const SUBJECT = 'subject'

/** A client that sends no national numbers; close it at the end. */
export interface BlindClient {
  client: HuisbrugClient
  close(): void
}

/**
 * A client whose `detect` puts pseudonyms in the place of national numbers, which leave this machine blinded
 * only. What was evaluated is kept in the data folder: next month only new tenants are. The same request
 * stays the same to the byte.
 * @throws ProfileError without a key of the log; Error where the party has no quota; RegisterError
 */
export async function openBlindClient(
  { client, profile }: Partner,
  protocol: string,
): Promise<BlindClient> {
  const logKeys = logKeysOf(profile)
  const { items } = await client.domains()
  const current = currentOf(items, protocol)
  const subject = items.find(({ domain }) => domain === SUBJECT)
  if (!current || !subject)
    throw new Error(
      `no key of ${protocol} is current for you: to send blindly your accession needs a quota, and VDAB ` +
        'must be ready (docs/messages.md)',
    )
  const { domain } = current
  const publishedKeys = {
    domain: publishedKey(current, logKeys),
    subject: publishedKey(subject, logKeys),
  }
  const store = new RegisterStore(join(profile.dataDir, 'pseudonyms'))
  const detect: HuisbrugClient['detect'] = async (request, options) => {
    const tenants: BlindTenant[] = []
    const people = request.tenants as Tenant[]
    try {
      for await (const one of blindPeople({ client, domain, publishedKeys, store, people }))
        tenants.push(one)
    } catch (error) {
      throw withTime(error)
    }
    // Refusals name tenants by their place.
    if (tenants.length < people.length) throw new Error('a national number is not valid')
    return client.detect({ ...request, domain, tenants }, options)
  }
  return { client: { ...client, detect }, close: () => store.close() }
}

/** The current domain of a protocol; of an accession the one that there is, for its framework has the key. */
export function currentOf(items: readonly Domain[], protocol: string): Domain | undefined {
  const current = items.filter(({ domain, state }) => state === 'current' && domain !== SUBJECT)
  const own = current.find(({ domain }) => domain.startsWith(`${protocol}/`))
  return own ?? (current.length === 1 ? current[0] : undefined)
}

function withTime(error: unknown): unknown {
  if (!(error instanceof RegisterError) || !error.retryAt) return error
  const when = error.retryAt.toISOString()
  return new Error(`the quota is used up: run it again after ${when}, and it goes on`, {
    cause: error,
  })
}
