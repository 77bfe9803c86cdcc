import type { ProblemKind } from '../../src/audit/verify.ts'
import type { Pool } from '../../src/db/pool.ts'
import { flip, forge, move } from './tamper.ts'

/** One change behind the gateway's back, and how it must be called. */
export interface Damage {
  sql: string
  kinds: ProblemKind[]
}

/** What there is to damage. */
export interface Targets {
  size: number
  sizes: number[]
  messages: string[]
  steps: string[]
  /** Those that are append-only. */
  tables: string[]
  triggers: { table: string; name: string; fires: string }[]
}

/** Makes a damage from four numbers that are drawn at random. */
type Make = (targets: Targets, draw: (below: number) => number) => Damage

export async function readTargets(pool: Pool): Promise<Targets> {
  const list = async (sql: string) =>
    (await pool.query<{ it: never }>(sql)).rows.map(({ it }) => it as never)
  return {
    size: (await list('SELECT size AS it FROM audit_head'))[0]!,
    sizes: await list('SELECT size AS it FROM audit_checkpoint ORDER BY 1'),
    messages: await list('SELECT id AS it FROM message ORDER BY 1'),
    steps: await list('SELECT id::text AS it FROM transition ORDER BY id'),
    tables: await list(
      `SELECT tgrelid::regclass::text AS it FROM pg_trigger WHERE tgname = 'append_only' ORDER BY 1`,
    ),
    triggers: await list(
      `SELECT json_build_object('table', tgrelid::regclass::text, 'name', tgname, 'fires', tgenabled) AS it
       FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgrelid, tgname`,
    ),
  }
}

/** The n-th row of a table, as a condition. */
const nth = (table: string, key: string, n: number, where = 'true') =>
  `${key} = (SELECT ${key} FROM ${table} WHERE ${where} ORDER BY ${key}
     OFFSET ${n} % (SELECT count(*) FROM ${table} WHERE ${where}) LIMIT 1)`

const message =
  (set: string, kinds: ProblemKind[] = ['row-changed']): Make =>
  ({ messages }, draw) => ({
    sql: `UPDATE message SET ${set} WHERE id = '${messages[draw(messages.length)]}'`,
    kinds,
  })

const any =
  (sql: (n: number) => string, ...kinds: ProblemKind[]): Make =>
  (_, draw) => ({ sql: sql(draw(1_000)), kinds })

const entry =
  (sql: (index: number, n: number) => string, ...kinds: ProblemKind[]): Make =>
  ({ size }, draw) => ({ sql: sql(draw(size), draw(100_000)), kinds })

const checkpoint =
  (sql: (size: number, n: number) => string): Make =>
  ({ sizes }, draw) => ({
    sql: sql(sizes[draw(sizes.length)]!, draw(100_000)),
    kinds: ['checkpoint'],
  })

/** Every way to change one thing that anybody could think of. */
export const DAMAGES: Readonly<Record<string, Make>> = {
  'a bit of an entry': entry(
    (index, n) =>
      `UPDATE audit_entry SET ${flip('entry', `${n} % (octet_length(entry) * 8)`)} WHERE index = ${index}`,
    'changed',
  ),
  'an entry deleted': entry(
    index => `DELETE FROM audit_entry WHERE index = ${index}`,
    'missing',
    'truncated',
  ),
  'an entry inserted': entry(
    index => `${move('index + 1', `index >= ${index}`)}; ${forge(index)}`,
    'inserted',
  ),
  'an entry appended': ({ size }) => ({ sql: forge(size), kinds: ['inserted'] }),
  'two entries swapped': ({ size }, draw) => {
    const a = draw(size)
    const b = (a + 1 + draw(size - 1)) % size
    const sql = move(`CASE index WHEN ${a} THEN ${b} ELSE ${a} END`, `index IN (${a}, ${b})`)
    return { sql, kinds: ['reordered'] }
  },
  'a column of an entry': entry((index, n) => {
    const columns = ['action', 'actor', 'party', 'message_id', 'protocol', 'type', 'code']
    const set = `${columns[n % columns.length]} = 'other'`
    return `UPDATE audit_entry SET ${set} WHERE index = ${index}`
  }, 'column'),
  'the leaf beside an entry': entry(
    (index, n) => `UPDATE audit_entry SET ${flip('leaf', n % 256)} WHERE index = ${index}`,
    'column',
  ),
  'a checkpoint': checkpoint(
    (size, n) =>
      `UPDATE audit_checkpoint SET note = overlay(note PLACING CASE substring(note FROM p FOR 1) WHEN 'x' THEN 'y' ELSE 'x' END FROM p)
       FROM (SELECT 1 + ${n} % length(note) AS p FROM audit_checkpoint WHERE size = ${size}) q WHERE size = ${size}`,
  ),
  'the root beside a checkpoint': checkpoint(
    (size, n) => `UPDATE audit_checkpoint SET ${flip('root', n % 256)} WHERE size = ${size}`,
  ),
  'a checkpoint deleted': checkpoint(size => `DELETE FROM audit_checkpoint WHERE size = ${size}`),
  'a tile': any(
    n =>
      `UPDATE audit_tile SET ${flip('hashes', `${n} % (octet_length(hashes) * 8)`)} WHERE ${nth('audit_tile', 'n', n)}`,
    'tile',
  ),
  'a tile deleted': any(n => `DELETE FROM audit_tile WHERE ${nth('audit_tile', 'n', n)}`, 'tile'),
  'the root of the head': any(n => `UPDATE audit_head SET ${flip('root', n % 256)}`, 'head'),
  'the size of the head': entry(
    index => `UPDATE audit_head SET size = ${index}`,
    'rolled-back',
    'tile',
  ),
  'a trigger disabled': ({ triggers }, draw) => {
    const { table, name } = triggers[draw(triggers.length)]!
    return { sql: `ALTER TABLE ${table} DISABLE TRIGGER ${name}`, kinds: ['trigger-disabled'] }
  },
  'a trigger dropped': ({ triggers }, draw) => {
    const { table, name } = triggers[draw(triggers.length)]!
    return { sql: `DROP TRIGGER ${name} ON ${table}`, kinds: ['trigger-disabled'] }
  },
  'a grant': ({ tables }, draw) => ({
    sql: `GRANT TRUNCATE ON ${tables[draw(tables.length)]} TO huisbrug_app`,
    kinds: ['trigger-disabled'],
  }),
  'a trigger that lets replication pass': ({ triggers }, draw) => {
    const always = triggers.filter(({ fires }) => fires === 'A')
    const { table, name } = always[draw(always.length)]!
    return { sql: `ALTER TABLE ${table} ENABLE TRIGGER ${name}`, kinds: ['trigger-disabled'] }
  },
  'the sender of a message': message(
    `party_id = (SELECT id FROM party p WHERE p.id <> party_id ORDER BY 1 LIMIT 1)`,
  ),
  'the protocol of a message': message(`protocol_digest = 'other'`),
  'the type of a message': message(`type = 'tenancy.other'`),
  'the items of a message': message('accepted = accepted + 1'),
  'the refused items of a message': message('refused = refused + 1'),
  'the time of a message': message(`received_at = received_at + interval '1 ms'`),
  'the day of a message': message('received_day = received_day + 1'),
  'the code of a message': message(`code = CASE WHEN code IS NULL THEN 'HB-202' END`),
  'the body of a message': message(`digest = md5(digest)`),
  'the receipt of a message': ({ messages }, draw) => ({
    sql: `UPDATE message SET receipt = overlay(receipt PLACING CASE substring(receipt FROM p FOR 1) WHEN 'x' THEN 'y' ELSE 'x' END FROM p)
      FROM (SELECT id AS m, 1 + ${draw(100_000)} % (length(receipt) - 1) AS p FROM message) q
      WHERE m = id AND id = '${messages[draw(messages.length)]}'`,
    kinds: ['row-changed'],
  }),
  'the answer of a message': message(
    `answer_state = CASE WHEN answer_state = 'expired' THEN 'answered' ELSE 'expired' END`,
  ),
  'a message deleted': ({ messages }, draw) => ({
    sql: `DELETE FROM message WHERE id = '${messages[draw(messages.length)]}'`,
    kinds: ['unlinked'],
  }),
  'a message made up': any(
    n => `INSERT INTO message (id, type, party_id, received_at, received_day, digest, accepted, refused)
      SELECT 'msg_made_up', type, party_id, received_at, received_day, digest, 0, 1 FROM message
      WHERE ${nth('message', 'id', n)}`,
    'unlinked',
  ),
  'a step deleted': ({ steps }, draw) => ({
    sql: `DELETE FROM transition WHERE id = ${steps[draw(steps.length)]}`,
    kinds: ['row-changed', 'unlinked'],
  }),
  'a step changed': ({ steps }, draw) => ({
    sql: `UPDATE transition SET state = CASE state WHEN 'parked' THEN 'held' ELSE 'parked' END
      WHERE id = ${steps[draw(steps.length)]}`,
    kinds: ['row-changed', 'unlinked'],
  }),
  'the state of a hand-over': any(
    n => `UPDATE hand_over SET state = CASE state WHEN 'withdrawn' THEN 'expired' ELSE 'withdrawn' END
      WHERE ${nth('hand_over', 'id', n)}`,
    'row-changed',
  ),
  'a hand-over delivered to another': any(
    n => `UPDATE hand_over SET destination = 'leefgoed'
      WHERE ${nth('hand_over', 'id', n, `state = 'delivered' AND destination IS NOT NULL`)}`,
    'row-changed',
  ),
  'the items of a hand-over': any(
    n => `UPDATE hand_over SET items = items + 1 WHERE ${nth('hand_over', 'id', n, 'counted')}`,
    'row-changed',
  ),
  'a step made up with its hand-over': any(
    n => `WITH h AS (UPDATE hand_over SET state = 'parked'
        WHERE ${nth('hand_over', 'id', n, `state = 'delivered' AND message_id IS NOT NULL AND kind <> 'register'`)}
        RETURNING id, message_id)
      INSERT INTO transition (message_id, hand_over_id, was, state, at)
      SELECT message_id, id, 'delivered', 'parked', now() FROM h`,
    'unlinked',
  ),
  'the details of an entry': any(
    n =>
      `UPDATE audit_detail SET details = details || ' ' WHERE ${nth('audit_detail', 'entry_id', n)}`,
    'detail-changed',
  ),
  'the salt of details': any(
    n =>
      `UPDATE audit_detail SET ${flip('salt', n % 256)} WHERE ${nth('audit_detail', 'entry_id', n)}`,
    'detail-changed',
  ),
  'details deleted': any(
    n => `DELETE FROM audit_detail WHERE ${nth('audit_detail', 'entry_id', n)}`,
    'detail-changed',
    // Those of a party hold its keys.
    'unlinked',
    'row-changed',
  ),
  'details made up': any(
    n => `INSERT INTO audit_detail (entry_id, salt, details)
      SELECT decode(md5('${n}'), 'hex'), sha256('x'), '{}'`,
    'unlinked',
  ),
  'the kind of an entry': any(
    n => `UPDATE audit_kind SET actor = 'other' WHERE ${nth('audit_kind', 'kind', n)}`,
    'unlinked',
  ),
  'a kind deleted': any(
    n => `DELETE FROM audit_kind WHERE ${nth('audit_kind', 'kind', n)}`,
    'unlinked',
    // The entry of a key or a party is found by its kind, or no more.
    'row-changed',
  ),
  'the person of an entry': any(
    n => `UPDATE audit_subject SET ${flip('subject_tag', n % 128)}
      WHERE subject_tag IS NOT NULL AND ${nth('audit_subject', 'entry_id', n, 'subject_tag IS NOT NULL')} AND position = 0`,
    'subject-changed',
  ),
  'a person deleted': any(
    n => `DELETE FROM audit_subject WHERE ${nth('audit_subject', 'entry_id', n)} AND position = 0`,
    'subject-changed',
  ),
  'a person added': any(
    n => `INSERT INTO audit_subject (entry_id, position, subject_tag, salt)
      SELECT entry_id, max(position) + 1, decode(md5('x'), 'hex'), sha256('x') FROM audit_subject
      WHERE ${nth('audit_subject', 'entry_id', n)} GROUP BY entry_id`,
    'subject-changed',
  ),
  'a person erased without an erasure': any(
    n => `UPDATE audit_subject SET leaf = sha256(salt || subject_tag), salt = NULL, subject_tag = NULL
      WHERE ${nth('audit_subject', 'entry_id', n, 'position = 0 AND leaf IS NULL')} AND position = 0`,
    'subject-changed',
  ),
  'a pseudonym key': any(n => `UPDATE domain SET ${flip('public_key', n % 256)}`, 'row-changed'),
  'a published key': any(
    n => `UPDATE published_key SET ${flip('public_key', n % 256)}`,
    'row-changed',
  ),
  'the digest of a protocol': any(
    n => `UPDATE protocol_version SET digest = 'other' WHERE ${nth('protocol_version', 'id', n)}`,
    'unlinked',
  ),
  'the key of a party': any(
    n => `UPDATE party SET jwks = jsonb_set(jwks, '{keys,0,kid}', '"other"')
      WHERE ${nth('party', 'id', n, `kind <> 'gateway' AND jwks IS NOT NULL`)}`,
    'row-changed',
  ),
}
