import type { Queryable, Tx } from '../db/pool.ts'
import { openCheckpoint } from './checkpoint.ts'
import { AuditError } from './errors.ts'
import { type LogSigner, signLogCheckpoint } from './log-key.ts'
import { HASH_BYTES } from './merkle.ts'
import { noteVerifier } from './note.ts'
import type { PublishedCheckpoints } from './published.ts'
import { hashAt } from './tile.ts'
import { type GrowingTree, loadTree, writeTiles } from './tree-store.ts'

/** Most entries that get a place in one transaction. */
export const BATCH_ENTRIES = 5_000
// A leader that is silent for five seconds is cut off; one that waits for its key is not silent.
const SIGN_OF_LIFE_MS = 1_000

// The entries move within the database; only their leaf hashes travel. An array is looked up in the index, once;
// with IN all that waits would be read for each batch, however much that is.
const MOVE_PENDING = `
  WITH taken AS (
    DELETE FROM audit_pending
    WHERE id = ANY (ARRAY(SELECT id FROM audit_pending ORDER BY id LIMIT $2))
    RETURNING *
  ), placed AS (
    INSERT INTO audit_entry (index, entry_id, entry, leaf, at, action, actor, party, message_id,
      protocol, type, decision, code, recipient)
    SELECT $1 + row_number() OVER (ORDER BY id) - 1, entry_id, entry,
      sha256('\\x00'::bytea || entry), at, action, actor, party, message_id, protocol, type,
      decision, code, recipient
    FROM taken
    RETURNING index, leaf
  )
  SELECT string_agg(leaf, ''::bytea ORDER BY index) AS leaves FROM placed`

/** The one sequencer that may add to the log now, with the log's right edge in memory. */
export interface Leader {
  db: Tx
  epoch: number
  signer: LogSigner
  tree: GrowingTree
  /** Where what was signed is kept besides; in tests there may be no such place. */
  published: PublishedCheckpoints | undefined
}

/**
 * Takes the lead on a connection that holds the lock: raises the epoch, so that an earlier leader
 * can no longer commit, and loads the log's right edge.
 * @throws AuditError where nothing may be signed: `head-does-not-fit` (head, last checkpoint and tiles
 *   disagree), `log-rolled-back` (a published checkpoint is not in the log), `log-key-differs`
 */
export async function takeLead(
  db: Tx,
  signer: LogSigner,
  published?: PublishedCheckpoints,
): Promise<Leader> {
  const raised = await db.query('UPDATE audit_head SET epoch = epoch + 1 RETURNING epoch')
  // Read after the epoch: from here on nobody else can add.
  const { rows } = await db.query(
    `SELECT h.size, h.root, c.root AS signed, c.note, d.lost,
       (SELECT max(index) + 1 FROM audit_entry) AS entries,
       (SELECT kept FROM audit_recovery ORDER BY number DESC LIMIT 1) AS kept
     FROM audit_head h CROSS JOIN audit_disclosure d LEFT JOIN audit_checkpoint c USING (size)
     WHERE NOT EXISTS (SELECT FROM audit_checkpoint WHERE size > h.size)`,
  )
  const head = rows[0]
  if (head?.lost) throw new AuditError('log-rolled-back', ROLLED_BACK)
  const signed = head?.size === 0 || head?.signed?.equals(head.root)
  if (!head || !signed || (head.entries ?? 0) !== head.size)
    throw new AuditError('head-does-not-fit', 'head, entries and last checkpoint do not agree')
  // The first checkpoint of a log that began anew follows the last one of the log before.
  if (head.note && head.kept !== head.size) assertSignedBy(head.note, signer)
  const tree = await loadTree(db, head.size, head.root)
  // A leader that was killed right after its commit did not come to this.
  if (head.note) await published?.keep(head.note)
  return { db, epoch: raised.rows[0].epoch, signer, tree, published }
}

const ROLLED_BACK =
  'the log does not contain a checkpoint that was published: restore a newer backup, or see "Restore" in ' +
  'docs/operations.md'

function assertSignedBy(note: string, { verifierKey }: LogSigner): void {
  try {
    openCheckpoint(note, noteVerifier(verifierKey))
  } catch (cause) {
    const what =
      'the log was signed by another key than that of this process: see HUISBRUG_LOG_KEY_COMMAND, ' +
      'HUISBRUG_LOG_ORIGIN and "Restore" in docs/operations.md'
    throw new AuditError('log-key-differs', what, { cause })
  }
}

/**
 * Gives the oldest pending entries their place, in one transaction: entries, tiles, checkpoint,
 * head; then keeps the checkpoint outside the database. After an error the leader is of no more use.
 * @returns how many entries; 0, and no checkpoint, where nothing was pending
 * @throws AuditError `not-leading` where another one took the lead, `head-does-not-fit`
 */
export async function sequenceBatch(leader: Leader, at: Date): Promise<number> {
  const { db } = leader
  if (!(await hasPending(db))) return 0
  await db.query('BEGIN')
  const placed = await placeAll(leader, at).catch(async error => {
    // Where the connection is gone, so is the transaction.
    await db.query('ROLLBACK').catch(() => {})
    throw error
  })
  if (placed.note) await leader.published?.keep(placed.note)
  return placed.added
}

interface Placed {
  added: number
  /** The checkpoint; absent where nothing was added. */
  note?: string
}

async function placeAll(leader: Leader, at: Date): Promise<Placed> {
  await assertLeading(leader)
  const placed = await placeEntries(leader, at)
  await leader.db.query('COMMIT')
  return placed
}

async function hasPending(db: Queryable): Promise<boolean> {
  const { rows } = await db.query({
    name: 'audit-has-pending',
    // By the index: what was moved since the last vacuum would be gone through each time.
    text: 'SELECT (SELECT id FROM audit_pending ORDER BY id LIMIT 1) IS NOT NULL AS pending',
  })
  return rows[0].pending
}

async function assertLeading({ db, epoch, tree }: Leader): Promise<void> {
  const { rows } = await db.query('SELECT size, root, epoch FROM audit_head FOR UPDATE')
  const head = rows[0]
  if (head?.epoch !== epoch) throw new AuditError('not-leading', 'another sequencer took the lead')
  if (head.size !== tree.frontier.size || !tree.frontier.root().equals(head.root))
    throw new AuditError('head-does-not-fit', 'the head is not what was signed last')
}

async function placeEntries({ db, signer, tree }: Leader, at: Date): Promise<Placed> {
  const previous = tree.frontier.size
  const { rows } = await db.query(MOVE_PENDING, [previous, BATCH_ENTRIES])
  const leaves: Buffer | null = rows[0].leaves
  if (!leaves) return { added: 0 }
  const added = leaves.length / HASH_BYTES
  for (let i = 0; i < added; i++) tree.frontier.append(hashAt(leaves, i), tree.writer.listener)
  await writeTiles(db, tree.writer.take())
  const head = { previous, size: previous + added, root: tree.frontier.root(), at }
  const note = await whileAlive(db, () => signLogCheckpoint(signer, head.size, head.root))
  await publishHead(db, note, head)
  return { added, note }
}

/** Waits for a key that may be elsewhere, without the connection looking like that of a hung leader. */
async function whileAlive<T>(db: Queryable, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => void db.query('SELECT').catch(() => {}), SIGN_OF_LIFE_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

// A clock that goes back does not make a checkpoint older than the one before it.
async function publishHead(
  db: Queryable,
  note: string,
  head: { previous: number; size: number; root: Buffer; at: Date },
): Promise<void> {
  await db.query(
    `WITH signed AS (
       INSERT INTO audit_checkpoint (size, previous, root, note, at)
       SELECT $1, $2, $3, $4, greatest($5::timestamptz, (SELECT at FROM audit_checkpoint WHERE size = $2))
     )
     UPDATE audit_head SET size = $1, root = $3`,
    [head.size, head.previous, head.root, note, head.at],
  )
}
