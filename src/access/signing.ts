import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
} from 'node:crypto'
import { CompactSign, calculateJwkThumbprint, compactVerify, FlattenedSign, type JWK } from 'jose'
import type { Queryable } from '../db/pool.ts'
import { Refusal } from '../errors.ts'
import type { KeyStore } from '../keys/key-store.ts'
import { SIGNATURE_TYPE } from './message-signature.ts'

const PURPOSES = ['token', 'receipt', 'message'] as const
export type SigningPurpose = (typeof PURPOSES)[number]

const MAX_VERIFIED = 10_000

interface SigningKey {
  der: Buffer
  kid: string
  privateKey: KeyObject
  publicKey: KeyObject
  jwk: JWK
}

/**
 * The gateway's own Ed25519 keys: `sign:token` for access tokens and for its assertions towards
 * peers, `sign:receipt` for receipts, `sign:message` for what goes to peers. Made at first use, kept as
 * PKCS8 in the key store, named by their RFC 7638 thumbprint.
 */
export class Signing {
  readonly #keys: KeyStore
  readonly #imported = new Map<SigningPurpose, SigningKey>()
  /** SHA-256 of access tokens whose signature was checked, with the key. */
  readonly #verified = new Map<string, object>()

  constructor(keys: KeyStore) {
    this.#keys = keys
  }

  /** Signs an access token (RFC 9068). */
  async signToken(claims: object): Promise<string> {
    return this.#sign('token', 'at+jwt', claims)
  }

  /** Signs a client assertion (RFC 7523) of the gateway itself. */
  async signAssertion(claims: object): Promise<string> {
    return this.#sign('token', 'JWT', claims)
  }

  /**
   * Signs a receipt: a compact JWS over the payload as JSON.
   * @param db the transaction it is part of: one that holds a connection must not wait for another
   */
  async signReceipt(payload: object, db?: Queryable): Promise<string> {
    return this.#sign('receipt', 'receipt+jwt', payload, db)
  }

  /**
   * Signs what goes to a peer: detached (RFC 7515 appendix F), over the bytes as they are sent (RFC 7797).
   * @param about what the signature is for, in the protected header
   * @returns `header..signature`
   */
  async signMessage(body: Uint8Array, about: Readonly<Record<string, unknown>>): Promise<string> {
    const { kid, privateKey } = await this.#key('message')
    const header = { alg: 'EdDSA', kid, typ: SIGNATURE_TYPE, b64: false, crit: ['b64'], ...about }
    const { protected: encoded, signature } = await new FlattenedSign(body)
      .setProtectedHeader(header)
      .sign(privateKey)
    return `${encoded}..${signature}`
  }

  /**
   * Checks the signature of an access token; its claims are still to be checked.
   * @returns whether this gateway signed it
   */
  async isOwnToken(token: string): Promise<boolean> {
    // Where the key cannot be had, that is not the fault of the token.
    const key = await this.#publicKey('token')
    const digest = hash('sha256', token)
    if (this.#verified.get(digest) === key) return true
    return verify(key, 'at+jwt', token).then(
      () => this.#remember(digest, key),
      () => false,
    )
  }

  // A party uses a token for many calls: its signature stays what it is for as long as the key does.
  #remember(digest: string, key: object): true {
    if (this.#verified.size >= MAX_VERIFIED) this.#verified.clear()
    this.#verified.set(digest, key)
    return true
  }

  /**
   * Checks a receipt of this gateway.
   * @returns its payload
   * @throws an error of jose where it is not one
   */
  async verifyReceipt(receipt: string): Promise<Record<string, unknown>> {
    const payload = await verify(await this.#publicKey('receipt'), 'receipt+jwt', receipt)
    return JSON.parse(Buffer.from(payload).toString('utf8'))
  }

  /** The public keys, for /.well-known/jwks.json. */
  async publicJwks(): Promise<{ keys: JWK[] }> {
    const keys = await Promise.all(PURPOSES.map(purpose => this.#publicKey(purpose)))
    return { keys: keys.map(key => key.jwk) }
  }

  async #sign(
    purpose: SigningPurpose,
    typ: string,
    payload: object,
    db?: Queryable,
  ): Promise<string> {
    const key = await this.#key(purpose, db)
    return new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'EdDSA', typ, kid: key.kid })
      .sign(key.privateKey)
  }

  // The public half is no secret: it goes on being used while the key provider does not answer.
  async #publicKey(purpose: SigningPurpose): Promise<Omit<SigningKey, 'der' | 'privateKey'>> {
    return this.#key(purpose).catch(error => {
      const known = this.#imported.get(purpose)
      if (known && error instanceof Refusal && error.code === 'HB-904') return known
      throw error
    })
  }

  async #key(purpose: SigningPurpose, db?: Queryable): Promise<SigningKey> {
    const name = `sign:${purpose}`
    const der = (await this.#keys.find(name, db)) ?? (await this.#keys.secret(name, generate))
    const known = this.#imported.get(purpose)
    if (known?.der.equals(der)) return known
    const imported = await importKey(der)
    this.#imported.set(purpose, imported)
    return imported
  }
}

async function verify(
  key: Pick<SigningKey, 'publicKey' | 'kid'>,
  typ: string,
  jws: string,
): Promise<Uint8Array> {
  const { payload, protectedHeader } = await compactVerify(jws, key.publicKey, {
    algorithms: ['EdDSA'],
  })
  if (protectedHeader.typ !== typ || protectedHeader.kid !== key.kid)
    throw new Error('another kind')
  return payload
}

function generate(): Buffer {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' })
}

async function importKey(der: Buffer): Promise<SigningKey> {
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey)
  const { crv, x } = publicKey.export({ format: 'jwk' })
  const bare = { kty: 'OKP', crv, x } as JWK
  const kid = await calculateJwkThumbprint(bare)
  const jwk = { ...bare, kid, use: 'sig', alg: 'EdDSA' } as JWK
  return { der, kid, privateKey, publicKey, jwk }
}
