import { createHash, createHmac } from 'node:crypto'
import pg from 'pg'
import { saltedDigest, subjectRoot } from '../../src/audit/commitment.ts'
import {
  deriveRowId,
  deriveRowKey,
  deriveSubjectTag,
  deriveTag,
  inputOf,
  tagInfo,
} from '../../src/pseudonym/derive.ts'
import { RouteCipher } from '../../src/pseudonym/route-cipher.ts'
import { VOPRF } from '../../src/pseudonym/suite.ts'
import { evaluateDirectly } from '../../src/pseudonym/voprf.ts'
import { PERIOD } from '../support/detection.ts'
import type { TestGateway } from '../support/gateway.ts'

/**
 * Everything that somebody with the national number, the person's references and all keys of the gateway
 * can compute: the number, tags, secrets, row ids and keys, hashes of references, and digests of all
 * these under every key and with every salt that the database holds.
 */
export async function tracesOf(
  { context, db }: TestGateway,
  number: string,
  references: string[],
): Promise<Buffer[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    'SELECT name FROM wrapped_key WHERE wrapped IS NOT NULL',
  )
  const keys = new Map<string, Buffer>()
  for (const { name } of rows) keys.set(name, (await context.keys.find(name))!)
  const known = [Buffer.from(number), inputOf(number)]
  const subjectTag = deriveSubjectTag(
    evaluateDirectly(VOPRF, keys.get('subject')!, inputOf(number)),
  )
  known.push(subjectTag)
  for (const [name, key] of keys) {
    if (name.startsWith('domain:'))
      known.push(...inDomain(name.slice('domain:'.length), key, number))
    if (name.startsWith('route:')) {
      const [, domain = '', party = ''] = name.split(':')
      const cipher = new RouteCipher(key, domain, party)
      known.push(...references.map(reference => cipher.hash(reference)))
    }
  }
  const digests = known.flatMap(one => [
    createHash('sha256').update(one).digest(),
    ...[...keys.values()].map(key => createHmac('sha256', key).update(one).digest()),
  ])
  return [...known, ...digests, ...(await salted(db.pool, subjectTag))]
}

function inDomain(domain: string, key: Buffer, number: string): Buffer[] {
  const output = evaluateDirectly(VOPRF, key, inputOf(number))
  const { tag, secret } = deriveTag(output, tagInfo(domain))
  return [output, tag, secret, deriveRowId(secret, PERIOD), deriveRowKey(secret, PERIOD)]
}

/** With each salt that is left: the commitment, and the root where nobody else is in the entry. */
async function salted(db: pg.Pool, subjectTag: Buffer): Promise<Buffer[]> {
  const { rows } = await db.query<{ salt: Buffer }>(
    `SELECT salt FROM audit_subject WHERE salt IS NOT NULL UNION SELECT salt FROM audit_detail
     UNION SELECT salt FROM approval WHERE salt IS NOT NULL`,
  )
  const commitments = rows.map(({ salt }) => saltedDigest(salt, subjectTag))
  return commitments.flatMap(one => [one, subjectRoot([one])])
}

const TABLES = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname NOT LIKE 'pg_toast%' ORDER BY 1`

/** The tables of all schemas, the queue's too, in which one of these stands in any form. */
export async function findTraces(url: string, traces: readonly Buffer[]): Promise<string[]> {
  const needles = [...new Set(traces.flatMap(formsOf))]
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(TABLES)
    const found: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`)
      const text = rows.map(({ line }) => withDecoded(line)).join('\n')
      if (needles.some(needle => text.includes(needle))) found.push(name)
    }
    return found
  } finally {
    await client.end()
  }
}

function formsOf(bytes: Buffer): string[] {
  const base64 = bytes.toString('base64').replace(/=+$/, '')
  return [bytes.toString('hex'), base64, bytes.toString('base64url'), bytes.toString('latin1')]
}

/** A row as text, with what its bytes and the parts of its tokens say. */
function withDecoded(line: string): string {
  const bytes = [...line.matchAll(/\\x([0-9a-f]+)/g)].map(([, hex]) => Buffer.from(hex!, 'hex'))
  const tokens = [...line.matchAll(/[A-Za-z0-9_+/-]{40,}/g)].map(([token]) =>
    Buffer.from(token, 'base64url'),
  )
  return [line, ...[...bytes, ...tokens].map(one => one.toString('latin1'))].join('\n')
}
