import { SignJWT } from 'jose'
import { TOKEN } from './settings.ts'

/** An access token of a sender, as an authorization server would sign it. */
export async function tokenFor(party: string, key: CryptoKey): Promise<string> {
  const { issuer, audience } = TOKEN
  return new SignJWT({ client_id: party })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setSubject(party)
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime('1h')
    .sign(key)
}
