import { actorOf, type Scope } from '../../access/scope.ts'
import { recordEntry } from '../../audit/record.ts'
import type { Problem, VerifyReport } from '../../audit/verify.ts'
import { verifyEvidence } from '../../audit/verify-evidence.ts'
import { receiptVerifier } from '../../audit/verify-receipts.ts'
import type { ConsoleDeps } from '../deps.ts'
import { format } from '../format.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { countTiles, readLogState } from '../reads/evidence.ts'
import { texts } from '../texts/index.ts'
import { wordFor } from '../texts/words.ts'

/** /console/controle: what a check of the audit log would do, and a button. */
export const verifyPage: Page = {
  method: 'get',
  path: '/controle',
  operation: 'evidence:read',
  own: true,
  nav: 'verify',
  answer: (deps, request) => draw(deps, request),
}

/** Checks the audit log from its entries and says what was checked. The check is an entry too. */
export const verifyNow: Page = {
  method: 'post',
  path: '/controle',
  operation: 'evidence:read',
  own: true,
  nav: 'verify',
  answer: async (deps, request) => {
    const outcome = await verifyOnce(deps)
    await recordCheck(deps, request, outcome.report)
    return draw(deps, request, outcome)
  },
}

interface Outcome {
  report: VerifyReport
  key: string
  tiles: number
  /** Milliseconds. */
  lasted: number
}

// A check reads the whole log: who asks while one runs gets the result of that one.
const running = new WeakMap<ConsoleDeps, Promise<Outcome>>()

function verifyOnce(deps: ConsoleDeps): Promise<Outcome> {
  const started = running.get(deps) ?? verify(deps).finally(() => running.delete(deps))
  running.set(deps, started)
  return started
}

async function verify(deps: ConsoleDeps): Promise<Outcome> {
  const started = performance.now()
  const keys = [await deps.verifierKey()].flat()
  const report = await verifyEvidence(deps.pool, keys, {
    ...(deps.signing && { verifyReceipt: receiptVerifier(await deps.signing.publicJwks()) }),
  })
  const tiles = await countTiles(deps.pool)
  return { report, key: keys[0] ?? '', tiles, lasted: performance.now() - started }
}

async function recordCheck(
  deps: ConsoleDeps,
  { session, at }: PageRequest,
  { ok, entries, checkpoints, problems }: VerifyReport,
): Promise<void> {
  await recordEntry(deps.pool, {
    action: 'console.verified',
    at,
    actor: actorOf(session),
    counts: { entries, checkpoints, problems: problems.length },
    reason: ok ? 'intact' : 'broken',
  })
}

async function draw(
  deps: ConsoleDeps,
  { scope }: PageRequest,
  outcome?: Outcome,
): Promise<Drawing> {
  const { checkpoint } = await readLogState(deps.pool)
  const model = { checkpoint, ...(outcome && { outcome: describe(outcome, scope) }) }
  return { view: 'verify', title: texts().auditLog.verify.title, model }
}

// What is wrong in the log concerns all who rely on it; of another's message only that it is.
function describe({ report, key, tiles, lasted }: Outcome, { party }: Scope): object {
  const text = texts().auditLog.verify
  const first = report.problems[0]
  return {
    ...report,
    key,
    tiles,
    lasted,
    first: first && describeFirst(first),
    problems: report.problems.map(({ index, message, kind }) => ({
      index,
      message: party === undefined ? message : undefined,
      what: wordFor(text.kinds, kind),
    })),
  }
}

function describeFirst({ index, kind }: Problem): string {
  const text = texts().auditLog.verify
  const what = wordFor(text.kinds, kind)
  return index === undefined ? text.badRow(what) : text.badFirst(format.number(index), what)
}
