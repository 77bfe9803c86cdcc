import { actorOf } from '../access/scope.ts'
import { recordEntry } from '../audit/record.ts'
import type { EntryDraft } from '../audit/types.ts'
import type { ConsoleDeps } from './deps.ts'
import type { PageRequest } from './page.ts'

/**
 * Records that someone read evidence, before it is shown: where this cannot be written, the page is
 * not shown.
 */
export async function recordViewing(
  deps: Pick<ConsoleDeps, 'pool'>,
  request: Pick<PageRequest, 'session' | 'at'>,
  what: Pick<EntryDraft, 'message' | 'details'>,
): Promise<void> {
  await recordEntry(deps.pool, {
    action: 'console.viewed',
    at: request.at,
    actor: actorOf(request.session),
    decision: 'allowed',
    ...what,
  })
}
