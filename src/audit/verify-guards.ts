import type { Queryable } from '../db/pool.ts'
import type { Problem } from './verify-report.ts'

/**
 * What keeps a table as it was written: its triggers, and whether each fires for every session
 * (`A`) or for each that does not replicate (`O`). A test holds the list against the schema.
 */
const TRIGGERS: readonly (readonly [table: string, trigger: string, fires: 'A' | 'O'])[] = [
  ['audit_pending', 'append_only', 'A'],
  ['audit_pending', 'noted', 'A'],
  ['audit_entry', 'append_only', 'A'],
  ['audit_entry', 'kinds', 'A'],
  ['audit_kind', 'append_only', 'A'],
  ['audit_checkpoint', 'append_only', 'A'],
  ['audit_tile', 'append_only', 'A'],
  ['audit_tile', 'grow_only', 'A'],
  ['audit_head', 'one_row', 'A'],
  ['audit_disclosure', 'one_row', 'A'],
  ['audit_recovery', 'append_only', 'A'],
  ['audit_cosignature', 'append_only', 'A'],
  ['audit_published', 'append_only', 'A'],
  ['audit_timestamp', 'append_only', 'A'],
  ['audit_publishing', 'one_row', 'A'],
  ['witness_state', 'append_only', 'A'],
  ['witness_state', 'grow_only', 'A'],
  ['route', 'route_domain_open', 'O'],
  ['message', 'step', 'O'],
  ['message', 'fixed', 'O'],
  ['message', 'evidence', 'O'],
  ['message', 'evidence_of_answer', 'O'],
  ['hand_over', 'step', 'O'],
  ['hand_over', 'fixed', 'O'],
  ['hand_over', 'evidence', 'O'],
  ['hand_over', 'evidence_of_step', 'O'],
  ['feedback', 'step', 'O'],
  ['feedback', 'evidence_of_step', 'O'],
  ['feedback', 'figures', 'O'],
  ['detection_result', 'figures', 'O'],
]

/** What the role of the program must not be able to do. */
const FORBIDDEN: readonly (readonly [table: string, privileges: string])[] = [
  ['audit_pending', 'UPDATE, TRUNCATE'],
  ['audit_entry', 'UPDATE, DELETE, TRUNCATE'],
  ['audit_kind', 'UPDATE, DELETE, TRUNCATE'],
  ['audit_checkpoint', 'UPDATE, DELETE, TRUNCATE'],
  ['audit_tile', 'DELETE, TRUNCATE'],
  ['audit_head', 'INSERT, DELETE, TRUNCATE'],
  ['audit_disclosure', 'INSERT, DELETE, TRUNCATE'],
  ['audit_recovery', 'UPDATE, DELETE, TRUNCATE'],
  ['audit_cosignature', 'UPDATE, DELETE, TRUNCATE'],
  ['audit_published', 'UPDATE, DELETE, TRUNCATE'],
  ['audit_timestamp', 'UPDATE, DELETE, TRUNCATE'],
  ['audit_publishing', 'INSERT, DELETE, TRUNCATE'],
  ['witness_state', 'DELETE, TRUNCATE'],
  ['state_rule', 'INSERT, UPDATE, DELETE, TRUNCATE'],
  ['transition', 'UPDATE, TRUNCATE'],
  ['balance_day', 'UPDATE, DELETE, TRUNCATE'],
  ['daily_balance', 'UPDATE, DELETE, TRUNCATE'],
]

/**
 * Names the triggers that are gone or switched off, and the grants of the program's role that let it
 * rewrite evidence. What was written while they were off is for the other checks to find.
 */
export async function verifyGuards(db: Queryable): Promise<Problem[]> {
  const { rows: triggers } = await db.query<{ table: string; trigger: string }>(OFF, [
    TRIGGERS.map(([table]) => table),
    TRIGGERS.map(([, trigger]) => trigger),
    TRIGGERS.map(([, , fires]) => fires),
  ])
  const { rows: grants } = await db.query<{ table: string; privileges: string }>(GRANTED, [
    FORBIDDEN.map(([table]) => table),
    FORBIDDEN.map(([, privileges]) => privileges),
  ])
  const problems = [
    ...triggers.map(({ table, trigger }) => `the trigger ${trigger} of ${table} is switched off`),
    ...grants.map(({ table, privileges }) => `huisbrug_app was granted ${privileges} on ${table}`),
  ]
  return problems.map(what => ({ kind: 'trigger-disabled', what }))
}

// What is append only is so in each of its partitions, for an owner who comes at them directly.
const OFF = `
  WITH listed AS (
    SELECT w."table", to_regclass(w."table")::oid AS id, w.trigger, w.fires
    FROM unnest($1::text[], $2::text[], $3::text[]) AS w ("table", trigger, fires)),
  watched AS (
    SELECT * FROM listed
    UNION ALL
    SELECT c.relname::text, c.oid, l.trigger, l.fires FROM listed l JOIN pg_inherits i ON i.inhparent = l.id
      JOIN pg_class c ON c.oid = i.inhrelid WHERE l.trigger = 'append_only')
  SELECT w."table", w.trigger FROM watched w
  WHERE NOT EXISTS (
    SELECT FROM pg_trigger t WHERE t.tgrelid = w.id AND t.tgname = w.trigger
      AND (t.tgenabled::text = 'A' OR t.tgenabled::text = w.fires))
  ORDER BY 1, 2`

const GRANTED = `
  WITH listed AS (
    SELECT w."table", to_regclass(w."table")::oid AS id, w.privileges
    FROM unnest($1::text[], $2::text[]) AS w ("table", privileges)),
  watched AS (
    SELECT * FROM listed
    UNION ALL
    SELECT c.relname::text, c.oid, l.privileges FROM listed l JOIN pg_inherits i ON i.inhparent = l.id
      JOIN pg_class c ON c.oid = i.inhrelid)
  SELECT w."table", string_agg(p, ', ' ORDER BY p) AS privileges
  FROM watched w CROSS JOIN LATERAL string_to_table(w.privileges, ', ') AS p
  WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = 'huisbrug_app')
    AND has_table_privilege('huisbrug_app', w.id, p)
  GROUP BY 1 ORDER BY 1`
