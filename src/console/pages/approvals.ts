import { actorOf } from '../../access/scope.ts'
import { FOUR_EYES, type FourEyes } from '../../config.ts'
import { Refusal } from '../../errors.ts'
import {
  decideApproval,
  listApprovals,
  listApproved,
  type WaitingApproval,
} from '../../subject/approval.ts'
import type { ConsoleDeps } from '../deps.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { texts } from '../texts/index.ts'
import { wordFor } from '../texts/words.ts'

const PATH = '/goedkeuringen'

/** /console/goedkeuringen: what waits for a second person, and what was approved and is still to be done. */
export const approvalsPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'approvals:decide',
  own: true,
  nav: 'approvals',
  answer: (deps, request) => draw(deps, request),
}

/** POST of the same: a second person approves or refuses, once. */
export const decideApprovalPage: Page = {
  method: 'post',
  path: PATH,
  operation: 'approvals:decide',
  own: true,
  nav: 'approvals',
  answer: async (deps, request) => {
    const { form, at } = request
    const decision = form['wat'] === 'goedkeuren' ? 'given' : 'refused'
    const operations = operationsOf(request)
    try {
      const asked = {
        id: form['vraag'] ?? '',
        decision,
        by: actorOf(request.session),
        at,
        operations,
      } as const
      await decideApproval(deps.pool, asked)
      return await draw(deps, request, { text: texts().approvals[decision], isGood: true })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const text = error.code === 'HB-422' ? texts().approvals.own : texts().approvals.gone
      return { ...(await draw(deps, request, { text, isGood: false })), status: 409 }
    }
  },
}

async function draw(
  { pool }: ConsoleDeps,
  request: PageRequest,
  notice?: { text: string; isGood: boolean },
): Promise<Drawing> {
  const { session, scope, at } = request
  const operations: readonly string[] = operationsOf(request)
  const [waiting, approved] = await Promise.all([
    listApprovals(pool, at, scope),
    listApproved(pool, { by: actorOf(session), operation: 'parked', at }),
  ])
  const lines = waiting
    .filter(({ operation }) => operations.includes(operation))
    .map(line => ({ ...toLine(line), isOwn: line.askedBy === session.id }))
  const todo = approved.map(toLine)
  return { view: 'approvals', title: texts().approvals.title, model: { lines, todo, notice } }
}

function toLine({ operation, askedAt, expiresAt, messages = [], ...line }: WaitingApproval) {
  return {
    ...line,
    messages,
    what: wordFor(texts().approvals.operations, operation),
    askedAt: new Date(askedAt),
    expiresAt: new Date(expiresAt),
  }
}

// What is about a person is for the privacy officer alone, as at the interface.
function operationsOf({ session }: PageRequest): readonly FourEyes[] {
  return session.role === 'privacy-officer' ? FOUR_EYES : ['parked']
}
