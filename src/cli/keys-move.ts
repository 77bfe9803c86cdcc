import { readServiceSecret } from '../keys/service-secret.ts'
import { moveKeys } from '../pseudonym/move-keys.ts'
import type { Opened } from './party.ts'

/**
 * `huisbrug keys move-to-evaluator`: the keys of the pseudonyms go to the key service.
 * @throws Error where no key service is named, and as moveKeys
 */
export async function moveByCommand({ pool, keys, config, keyService }: Opened) {
  if (!keyService) {
    throw new Error('name the key service first: HUISBRUG_EVALUATOR_URL and its secret')
  }
  const secret = readServiceSecret(config.evaluator)
  const actor = { role: 'operator' }
  const moved = await moveKeys({ pool, keys, client: keyService, secret, actor, at: new Date() })
  return {
    json: { moved },
    lines: [
      moved.length > 0
        ? `Moved ${moved.length} keys to the key service: ${moved.join(', ')}.`
        : 'No key of pseudonyms was left here.',
      'This database and its backups held them: rotate each protocol and close the former epoch.',
    ],
  }
}
