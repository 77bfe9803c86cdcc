import { actorOf, scopeOf } from '../../access/scope.ts'
import { openExport } from '../../audit/export.ts'
import { EXPORT_FORMATS, type ExportFormat } from '../../audit/export-write.ts'
import { readEntryFilter } from '../../audit/filter.ts'
import { refuse } from '../../errors.ts'
import { type ApiRequest, personOf, type Route } from '../route.ts'

/** The media type of each format. */
export const EXPORT_TYPES: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/jsonl',
  csv: 'text/csv',
}

/** Entries by filter as one file, in the order of the log, as they are read. */
export const getAuditExport: Route = {
  method: 'get',
  path: '/v1/audit/export',
  people: 'audit:read',
  own: true,
  handle: async (context, request) => {
    const filter = readEntryFilter(request.query, ['format', 'proofs'])
    const format = readFormat(request)
    const proofs = readProofs(request)
    const person = personOf(request)
    const [by, scope] = [actorOf(person), scopeOf(person)]
    const wanted = { filter, scope, format, proofs, by, at: request.at }
    const { rows, checkpoint, text } = await openExport(
      context.pool,
      wanted,
      context.reading.onward(),
    )
    return {
      status: 200,
      type: EXPORT_TYPES[format],
      stream: text(),
      headers: {
        'Content-Disposition': `attachment; filename="audit.${format}"`,
        'X-Audit-Rows': String(rows),
        // A signed note has line ends, which a header cannot have.
        'X-Audit-Checkpoint': Buffer.from(checkpoint.note).toString('base64'),
      },
    }
  },
}

function readFormat({ query }: ApiRequest): ExportFormat {
  const format = EXPORT_FORMATS.find(one => one === (query['format'] ?? 'jsonl'))
  if (!format) throw refuse('HB-208', '', 'query parameter format: jsonl or csv')
  return format
}

function readProofs({ query }: ApiRequest): boolean {
  const proofs = query['proofs'] ?? 'false'
  if (proofs !== 'true' && proofs !== 'false')
    throw refuse('HB-208', '', 'query parameter proofs: true or false')
  return proofs === 'true'
}
