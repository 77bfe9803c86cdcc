/** What a receipt says, for people; the signature is for who holds the gateway's public key. */
export interface ReceiptFacts {
  decision: string
  entryCommitment: string
  at: Date | undefined
}

/**
 * Reads the payload of a receipt that this gateway stored with its message (a compact JWS).
 * @returns undefined where it cannot be read; the receipt itself is shown anyhow
 */
export function readReceipt(jws: string): ReceiptFacts | undefined {
  try {
    const payload = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8'))
    const { decision, entryCommitment, iat } = payload as Record<string, unknown>
    if (typeof decision !== 'string' || typeof entryCommitment !== 'string') return undefined
    return {
      decision,
      entryCommitment,
      at: typeof iat === 'number' ? new Date(iat * 1000) : undefined,
    }
  } catch {
    return undefined
  }
}
