import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'

/** Checks the signature of a receipt and gives what it says. @throws where it is not one */
export type VerifyReceipt = (receipt: string) => Promise<Record<string, unknown>>

/** Checks receipts with the public keys of the gateway (/.well-known/jwks.json). */
export function receiptVerifier(keys: JSONWebKeySet): VerifyReceipt {
  const keyFor = createLocalJWKSet(keys)
  return async receipt => {
    const { payload } = await compactVerify(receipt, keyFor, { algorithms: ['EdDSA'] })
    return JSON.parse(Buffer.from(payload).toString('utf8'))
  }
}
