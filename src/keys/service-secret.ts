import { hash, hkdfSync, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { EvaluatorSettings } from '../config.ts'
import { LocalKey } from './provider.ts'

const SECRET = /^[A-Za-z0-9_-]{43,}$/

/**
 * The secret that the key service and its callers share, as text; 32 bytes or more in base64url.
 * @throws Error where the file cannot be read or holds something else
 */
export function readServiceSecret({ secret, secretFile }: EvaluatorSettings): string {
  const text = secret ?? readFileSync(secretFile ?? '', 'utf8').trim()
  if (SECRET.test(text)) return text
  throw new Error('HUISBRUG_EVALUATOR_SECRET_FILE must hold at least 32 bytes in base64url')
}

/** Whether an Authorization header bears the secret; takes as long whatever it bears. */
export function bearsSecret(header: string | undefined, secret: string): boolean {
  const [given, expected] = [header ?? '', `Bearer ${secret}`].map(text =>
    hash('sha256', text, 'buffer'),
  )
  return timingSafeEqual(given!, expected!)
}

/** The key under which a secret travels when keys move to the service. */
export function transportKey(secret: string): LocalKey {
  return new LocalKey(Buffer.from(hkdfSync('sha256', secret, '', 'huisbrug key transport v1', 32)))
}
