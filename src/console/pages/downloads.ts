import { setTimeout as sleep } from 'node:timers/promises'
import type { EvidenceBundle } from '../../audit/bundle.ts'
import { latestCheckpoint } from '../../audit/log-read.ts'
import { entryAt, proofFileOf, proofOfMessage } from '../../audit/query.ts'
import { BundleError, type BundleParts, makeBundle } from '../../exchange/evidence-bundle.ts'
import type { ConsoleDeps } from '../deps.ts'
import { type Download, type Page, PageProblem, type PageRequest } from '../page.ts'
import { findMessage, type MessageFile } from '../reads/journey.ts'
import { recordViewing } from '../viewing.ts'

const MESSAGE_ID = /^msg_[0-9A-Za-z]{1,40}$/
const INDEX = /^(0|[1-9]\d{0,14})$/
const PROOF = 'text/plain; charset=utf-8'

/** GET /console/berichten/:id/ontvangstbewijs: the signed receipt (JWS). */
export const receiptFile: Page = ofMessage('ontvangstbewijs', async (_deps, { id, receipt }) =>
  receipt ? { file: `${id}.jws`, type: 'application/jose', content: receipt } : undefined,
)

/** GET /console/berichten/:id/bewijs: the `.tlog-proof` of the entry that decided. */
export const proofFile: Page = ofMessage('bewijs', async ({ pool }, { id, isOwn }) => {
  const proof = isOwn ? await proofOfMessage(pool, id) : undefined
  return proof ? { file: `${id}.tlog-proof`, type: PROOF, content: proof } : undefined
})

/**
 * GET /console/berichten/:id/bundel: all evidence of the message in one file that anyone can check, as
 * `huisbrug audit prove` makes. Its entries tell of all parties, so it is not for the officer of one.
 */
export const bundleFile: Page = ofMessage(
  'bundel',
  async ({ pool, signing, protocols }, { id }) => {
    const publicJwks = async () => (await signing?.publicJwks()) ?? { keys: [] }
    const parts = { pool, publicJwks, protocols: () => protocols.current() }
    const bundle = await bundleOf(parts, id)
    const content = `${JSON.stringify(bundle, null, 2)}\n`
    return bundle && { file: `${id}.json`, type: 'application/json', content }
  },
  false,
)

const TRIES = 5
const WAIT_MS = 500

/** Who just looked at the page of the message made an entry about it, which soon has its place too. */
async function bundleOf(
  parts: BundleParts,
  id: string,
  tries = TRIES,
): Promise<EvidenceBundle | undefined> {
  try {
    return await makeBundle(parts, id)
  } catch (error) {
    if (!(error instanceof BundleError)) throw error
    if (error.code === 'unknown' || tries <= 1) return undefined
  }
  await sleep(WAIT_MS)
  return bundleOf(parts, id, tries - 1)
}

/** GET /console/auditlog/:index/regel: the entry, byte for byte as it is in the log. */
export const entryFile: Page = ofEntry('regel', async ({ pool }, index) => {
  const { rows } = await pool.query<{ entry: Buffer }>(
    'SELECT entry FROM audit_entry WHERE index = $1',
    [index],
  )
  const content = rows[0]?.entry
  return content && { file: `regel-${index}.json`, type: 'application/json', content }
})

/** GET /console/auditlog/:index/bewijs: its `.tlog-proof`, against the last checkpoint. */
export const entryProofFile: Page = ofEntry('bewijs', async ({ pool }, index) => {
  const checkpoint = await latestCheckpoint(pool)
  if (!checkpoint || checkpoint.size <= index) return undefined
  const content = await proofFileOf(pool, index)
  return { file: `regel-${index}.tlog-proof`, type: PROOF, content }
})

type MakeOfMessage = (deps: ConsoleDeps, message: MessageFile) => Promise<Download | undefined>

/** A file about a message; reading it is an entry, before it is given. */
function ofMessage(name: string, make: MakeOfMessage, isForParty = true): Page {
  return {
    method: 'get',
    path: `/berichten/:id/${name}`,
    operation: 'evidence:read',
    ...(isForParty && { own: true }),
    nav: 'messages',
    answer: async (deps, request) => {
      const id = request.params['id'] ?? ''
      const found = MESSAGE_ID.test(id)
        ? await findMessage(deps.pool, id, request.scope)
        : undefined
      const file = found && (await make(deps, found))
      if (!file) throw new PageProblem('not-found')
      await recordViewing(deps, request, { message: { id, type: found.type } })
      return file
    },
  }
}

type MakeOfEntry = (deps: ConsoleDeps, index: number) => Promise<Download | undefined>

function ofEntry(name: string, make: MakeOfEntry): Page {
  return {
    method: 'get',
    path: `/auditlog/:index/${name}`,
    operation: 'evidence:read',
    own: true,
    nav: 'auditLog',
    answer: async (deps: ConsoleDeps, request: PageRequest) => {
      const index = request.params['index'] ?? ''
      const found = INDEX.test(index)
        ? await entryAt(deps.pool, Number(index), request.scope)
        : undefined
      const file = found && (await make(deps, found.index))
      if (!file) throw new PageProblem('not-found')
      await recordViewing(deps, request, { details: { entry: found.index } })
      return file
    },
  }
}
