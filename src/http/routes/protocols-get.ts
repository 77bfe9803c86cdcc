import type { Context } from '../../context.ts'
import { refuse } from '../../errors.ts'
import type { LoadedProtocol } from '../../protocol/document.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import { publishedCopyOf, summariesOf } from '../../protocol/lookup.ts'
import { dpvOf } from '../../protocol/readable/dpv.ts'
import { htmlOf } from '../../protocol/readable/html.ts'
import { readableOf } from '../../protocol/readable/model.ts'
import { pdfOf } from '../../protocol/readable/pdf.ts'
import { publicationListHtml } from '../../protocol/readable/publication-list.ts'
import { earlierThan, knownVersions } from '../../protocol/readable/versions.ts'
import { preferredType } from '../accept.ts'
import type { Reply, Route } from '../route.ts'

const HTML = 'text/html'
const PDF = 'application/pdf'
const JSON_LD = 'application/ld+json'

/** Where a protocol is to be read. */
export function addressOf(id: string): string {
  return `/v1/protocols/${id}`
}

/** All protocols with their state; open to anyone, as the decree wants them published. */
export const getProtocols: Route = {
  method: 'get',
  path: '/v1/protocols',
  access: 'public',
  handle: async (context, request) => {
    const set = context.protocols.current()
    if (preferredType(request.header('accept'), [HTML]) === HTML) {
      return reply(HTML, publicationListHtml(set, request.at, addressOf))
    }
    return reply('application/json', { items: summariesOf(set, request.at), next: null })
  },
}

/** One protocol document with its state and digest; for people as the text that they can read. */
export const getProtocol: Route = {
  method: 'get',
  path: '/v1/protocols/:id',
  access: 'public',
  handle: async (context, request) => {
    const set = context.protocols.current()
    const id = request.params['id'] ?? ''
    const protocol = set.protocols.get(id)
    const body = publishedCopyOf(set, id)
    if (!protocol || !body) throw refuse('HB-301', '', 'GET /v1/protocols')
    const type = preferredType(request.header('accept'), [HTML, PDF, JSON_LD])
    if (type === JSON_LD) return reply(type, JSON.stringify(dpvOf(set, protocol)))
    if (type === HTML) return reply(type, await pageOf(context, set, protocol, request.at))
    if (type === PDF) return pdfReply(protocol, await pdfOf(readableOf(set, protocol, request.at)))
    return reply(type, body)
  },
}

function reply(type: string, body: object | string | Buffer): Reply {
  const headers = { Vary: 'Accept' }
  return type === 'application/json'
    ? { status: 200, body, headers }
    : { status: 200, type, body, headers }
}

function pdfReply({ id, version }: LoadedProtocol, body: Buffer): Reply {
  const name = `${id}-${version}.pdf`.replace(/[^A-Za-z0-9._-]/g, '_')
  const headers = { Vary: 'Accept', 'Content-Disposition': `inline; filename="${name}"` }
  return { status: 200, type: PDF, body, headers }
}

/** The page, with a link to what changed where there is an earlier version. */
async function pageOf(
  context: Context,
  set: ProtocolSet,
  protocol: LoadedProtocol,
  at: Date,
): Promise<string> {
  const earlier = await knownVersions(context.pool, set, protocol.id)
    .then(versions => earlierThan(versions, protocol))
    // The text is published whatever becomes of the database; only the link needs it.
    .catch(() => undefined)
  const links = earlier ? { changes: `${addressOf(protocol.id)}/diff` } : {}
  return htmlOf(readableOf(set, protocol, at), links)
}
