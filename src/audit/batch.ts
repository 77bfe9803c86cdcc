import type { Queryable, Tx } from '../db/pool.ts'
import { signCheckpoint } from './checkpoint.ts'
import { AuditError } from './errors.ts'
import { HASH_BYTES } from './merkle.ts'
import type { NoteSigner } from './note.ts'
import { hashAt } from './tile.ts'
import { type GrowingTree, loadTree, writeTiles } from './tree-store.ts'

/** Most entries that get a place in one transaction. */
export const BATCH_ENTRIES = 5_000

// The entries move within the database; only their leaf hashes travel.
const MOVE_PENDING = `
  WITH taken AS (
    DELETE FROM audit_pending WHERE id IN (SELECT id FROM audit_pending ORDER BY id LIMIT $2)
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
  signer: NoteSigner
  tree: GrowingTree
}

/**
 * Takes the lead on a connection that holds the lock: raises the epoch, so that an earlier leader
 * can no longer commit, and loads the log's right edge.
 * @throws AuditError `head-does-not-fit` where head, last checkpoint and tiles disagree: nothing
 *   may be signed then
 */
export async function takeLead(db: Tx, signer: NoteSigner): Promise<Leader> {
  const raised = await db.query('UPDATE audit_head SET epoch = epoch + 1 RETURNING epoch')
  // Read after the epoch: from here on nobody else can add.
  const { rows } = await db.query(
    `SELECT h.size, h.root, c.root AS signed, (SELECT max(index) + 1 FROM audit_entry) AS entries
     FROM audit_head h LEFT JOIN audit_checkpoint c USING (size)
     WHERE NOT EXISTS (SELECT FROM audit_checkpoint WHERE size > h.size)`,
  )
  const head = rows[0]
  const signed = head?.size === 0 || head?.signed?.equals(head.root)
  if (!head || !signed || (head.entries ?? 0) !== head.size)
    throw new AuditError('head-does-not-fit', 'head, entries and last checkpoint do not agree')
  return { db, epoch: raised.rows[0].epoch, signer, tree: await loadTree(db, head.size, head.root) }
}

/**
 * Gives the oldest pending entries their place, in one transaction: entries, tiles, checkpoint,
 * head. After an error the leader is of no more use.
 * @returns how many entries; 0, and no checkpoint, where nothing was pending
 * @throws AuditError `not-leading` where another one took the lead
 */
export async function sequenceBatch(leader: Leader, at: Date): Promise<number> {
  const { db } = leader
  if (!(await hasPending(db))) return 0
  await db.query('BEGIN')
  try {
    await assertLeading(leader)
    const added = await placeEntries(leader, at)
    await db.query('COMMIT')
    return added
  } catch (error) {
    // Where the connection is gone, so is the transaction.
    await db.query('ROLLBACK').catch(() => {})
    throw error
  }
}

async function hasPending(db: Queryable): Promise<boolean> {
  const { rows } = await db.query({
    name: 'audit-has-pending',
    text: 'SELECT EXISTS (SELECT FROM audit_pending) AS pending',
  })
  return rows[0].pending
}

async function assertLeading({ db, epoch, tree }: Leader): Promise<void> {
  const { rows } = await db.query('SELECT size, epoch FROM audit_head FOR UPDATE')
  if (rows[0]?.epoch !== epoch || rows[0].size !== tree.frontier.size)
    throw new AuditError('not-leading', 'another sequencer took the lead')
}

async function placeEntries({ db, signer, tree }: Leader, at: Date): Promise<number> {
  const previous = tree.frontier.size
  const { rows } = await db.query(MOVE_PENDING, [previous, BATCH_ENTRIES])
  const leaves: Buffer | null = rows[0].leaves
  if (!leaves) return 0
  const added = leaves.length / HASH_BYTES
  for (let i = 0; i < added; i++) tree.frontier.append(hashAt(leaves, i), tree.writer.listener)
  await writeTiles(db, tree.writer.take())
  await publishHead(db, signer, {
    previous,
    size: previous + added,
    root: tree.frontier.root(),
    at,
  })
  return added
}

async function publishHead(
  db: Queryable,
  signer: NoteSigner,
  head: { previous: number; size: number; root: Buffer; at: Date },
): Promise<void> {
  const note = signCheckpoint(signer, head.size, head.root)
  await db.query(
    `WITH signed AS (
       INSERT INTO audit_checkpoint (size, previous, root, note, at) VALUES ($1, $2, $3, $4, $5)
     )
     UPDATE audit_head SET size = $1, root = $3`,
    [head.size, head.previous, head.root, note, head.at],
  )
}
