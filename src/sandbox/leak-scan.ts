import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { scanRedis } from './leak-scan-redis.ts'
import { NumberFinder } from './number-finder.ts'

/** Where to look. Missing places are left out, not found clean. */
export interface LeakPlaces {
  databaseUrl?: string | undefined
  /** A queue on Redis; one on PostgreSQL is in the database. */
  redisUrl?: string | undefined
  /** Files, and folders with everything below them. */
  files: readonly string[]
}

export interface Leak {
  /** Such as `database public.message` or a file name. */
  place: string
  /** How many different national numbers stand there. The numbers themselves are not repeated. */
  numbers: number
}

export interface LeakReport {
  /** Different national numbers found anywhere. */
  leaked: number
  leaks: Leak[]
  scanned: { tables: number; rows: number; redisKeys: number; files: number; bytes: number }
}

/** Collects what one place holds; called with each piece of it. */
export type Look = (place: string, find: (finder: NumberFinder, found: Set<string>) => void) => void

const ROWS_A_FETCH = 2_000
const OVERLAP = 128

/**
 * Looks for national numbers where none may be: all tables of all schemas, the queue, and files
 * (logs, what peers received).
 * @param numbers the population's national numbers, eleven digits each
 */
export async function scanForLeaks(
  numbers: Iterable<string>,
  places: LeakPlaces,
): Promise<LeakReport> {
  const finder = new NumberFinder(numbers)
  const foundAt = new Map<string, Set<string>>()
  const look: Look = (place, find) => {
    const found = foundAt.get(place) ?? new Set()
    find(finder, found)
    if (found.size > 0) foundAt.set(place, found)
  }
  const database = places.databaseUrl ? await scanDatabase(places.databaseUrl, look) : NO_DATABASE
  const redisKeys = places.redisUrl ? await scanRedis(places.redisUrl, look) : 0
  const files = await scanFiles(places.files, look)
  const all = new Set([...foundAt.values()].flatMap(found => [...found]))
  const leaks = [...foundAt].map(([place, found]) => ({ place, numbers: found.size }))
  return { leaked: all.size, leaks, scanned: { ...database, redisKeys, ...files } }
}

const NO_DATABASE = { tables: 0, rows: 0 }

async function scanDatabase(url: string, look: Look): Promise<{ tables: number; rows: number }> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const { rows: tables } = await client.query<{ name: string }>(TABLES)
    let rows = 0
    for (const { name } of tables) rows += await scanTable(client, name, look)
    return { tables: tables.length, rows }
  } finally {
    await client.end()
  }
}

// Partitions are ordinary tables here; a partitioned table itself holds nothing.
const TABLES = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname NOT LIKE 'pg_toast%' AND n.nspname NOT LIKE 'pg_temp%'
  ORDER BY 1`

async function scanTable(client: pg.Client, name: string, look: Look): Promise<number> {
  let count = 0
  await client.query(`DECLARE leak_scan NO SCROLL CURSOR FOR SELECT t::text AS line FROM ${name} t`)
  for (;;) {
    const { rows } = await client.query<{ line: string }>(`FETCH ${ROWS_A_FETCH} FROM leak_scan`)
    for (const { line } of rows) {
      look(`database ${name}`, (finder, found) => finder.findInRow(line, found))
    }
    count += rows.length
    if (rows.length < ROWS_A_FETCH) break
  }
  await client.query('CLOSE leak_scan')
  return count
}

async function scanFiles(
  places: readonly string[],
  look: Look,
): Promise<{ files: number; bytes: number }> {
  const files = places.flatMap(filesBelow)
  let bytes = 0
  for (const file of files) bytes += await scanFile(file, look).catch(nothingWhereGone)
  return { files: files.length, bytes }
}

// A checkpoint that a later one replaced since the folder was listed.
function nothingWhereGone(error: NodeJS.ErrnoException): number {
  if (error.code !== 'ENOENT') throw error
  return 0
}

function filesBelow(place: string): string[] {
  if (!existsSync(place)) return []
  if (!statSync(place).isDirectory()) return [place]
  const entries = readdirSync(place, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

async function scanFile(file: string, look: Look): Promise<number> {
  let bytes = 0
  let end = ''
  for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 })) {
    // What stands across two chunks is seen with the second.
    const text = end + (chunk as Buffer).toString('latin1')
    look(file, (finder, found) => finder.findInRow(text, found))
    end = text.slice(-OVERLAP)
    bytes += (chunk as Buffer).length
  }
  return bytes
}
