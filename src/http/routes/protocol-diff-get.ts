import { type Refusal, refuse } from '../../errors.ts'
import type { LoadedProtocol } from '../../protocol/document.ts'
import { diffDocuments } from '../../protocol/readable/diff.ts'
import { type Comparison, diffHtml } from '../../protocol/readable/diff-html.ts'
import {
  earlierThan,
  type KnownVersion,
  knownVersions,
  versionNamed,
} from '../../protocol/readable/versions.ts'
import { preferredType } from '../accept.ts'
import type { Route } from '../route.ts'
import { addressOf } from './protocols-get.ts'

/**
 * What changed in a protocol: from the version that it supersedes, or the one before it, to the one that
 * leads now; `from` and `to` name other versions, `with` another protocol to compare it with.
 */
export const getProtocolDiff: Route = {
  method: 'get',
  path: '/v1/protocols/:id/diff',
  access: 'public',
  handle: async (context, request) => {
    const set = context.protocols.current()
    const protocol = set.protocols.get(request.params['id'] ?? '')
    if (!protocol) throw unknownProtocol()
    const versions = await knownVersions(context.pool, set, protocol.id)
    const { from, to, with: other } = request.query
    const after = to === undefined ? leading(protocol) : named(versions, 'to', to)
    let before: KnownVersion | undefined
    if (other !== undefined) {
      const compared = set.protocols.get(other)
      if (!compared) throw unknownProtocol()
      const others = await knownVersions(context.pool, set, other)
      before = from === undefined ? leading(compared) : named(others, 'from', from)
    } else {
      before = from === undefined ? earlierThan(versions, after) : named(versions, 'from', from)
    }
    const comparison = compare(before, after)
    const html = preferredType(request.header('accept'), ['text/html']) === 'text/html'
    return html
      ? { status: 200, type: 'text/html', body: diffHtml(comparison, addressOf), headers: VARY }
      : { status: 200, body: jsonOf(comparison), headers: VARY }
  },
}

const VARY = { Vary: 'Accept' }

function compare(before: KnownVersion | undefined, after: KnownVersion): Comparison {
  return {
    before,
    after,
    sections: before ? diffDocuments(before.document, after.document) : [],
  }
}

function jsonOf({ before, after, sections }: Comparison): object {
  return { before: before ? referenceOf(before) : null, after: referenceOf(after), sections }
}

function referenceOf({ id, version, digest }: KnownVersion): object {
  return { protocolId: id, version, contentHash: digest }
}

function leading({ id, version, digest, document }: LoadedProtocol): KnownVersion {
  return { id, version, digest, document }
}

function named(versions: readonly KnownVersion[], parameter: string, name: string): KnownVersion {
  const found = versionNamed(versions, name)
  if (found) return found
  const known = [...new Set(versions.map(({ version }) => version))].join(', ')
  throw refuse('HB-208', '', `query parameter ${parameter}: a known version: ${known}`)
}

function unknownProtocol(): Refusal {
  return refuse('HB-301', '', 'GET /v1/protocols')
}
