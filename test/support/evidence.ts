import type { AuditEntry } from '../../src/audit/types.ts'
import type { Pool } from '../../src/db/pool.ts'
import { createAjv, readSchema } from '../../src/schemas.ts'

type Form = { properties: Record<string, { const?: string; 'x-details'?: string[] }> }

const schema = readSchema('audit-entry')
const fits = createAjv(['audit-entry', 'common']).getSchema<AuditEntry>(schema.$id as string)!
const detailsOf = new Map(
  (schema['oneOf'] as Form[]).map(({ properties }) => [
    properties['action']?.const,
    properties['details']?.['x-details'],
  ]),
)

/**
 * What is not as the schema of its kind says, of all entries that a database holds, those that have no
 * place in the log yet included. Each fault is told once for a kind; it names places, never values.
 */
export async function misfitsOf(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ entry: Buffer; names: string[] | null }>(
    `SELECT e.entry, (SELECT array_agg(k) FROM jsonb_object_keys(d.details::jsonb) AS k) AS names
     FROM (SELECT entry_id, entry FROM audit_entry UNION ALL
       SELECT entry_id, entry FROM audit_pending) e LEFT JOIN audit_detail d USING (entry_id)`,
  )
  return [...new Set(rows.flatMap(({ entry, names }) => misfits(entry, names ?? [])))]
}

function misfits(bytes: Buffer, names: string[]): string[] {
  const entry = JSON.parse(bytes.toString('utf8')) as AuditEntry
  const known = detailsOf.get(entry.action)
  const unknown = known ? names.filter(name => !known.includes(name)) : []
  const faults = fits(entry)
    ? []
    : (fits.errors ?? []).map(({ instancePath, message, params }) => {
        const { missingProperty, unevaluatedProperty, propertyName } = params
        return [instancePath, message, missingProperty ?? unevaluatedProperty ?? propertyName]
          .filter(Boolean)
          .join(' ')
      })
  return [...faults, ...unknown.map(name => `detail ${name} is not listed`)].map(
    fault => `${entry.action}: ${fault}`,
  )
}
