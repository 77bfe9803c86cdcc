import { companySql, FORMER_PARTY, RARE_PARTY } from '../audit-query/fill.ts'
import { idSql, MESSAGE_MS } from '../audit-query/ids.ts'

/** The key epoch that all pseudonyms of the filled system are of. */
export const DOMAIN = 'wm-vdab/1/1'

// By the place of a message: of twenty, eleven requests, three answers, four about tenants who are hard to
// reach, two about what was done. An answer is to the request ten places before it.
const TYPE = `CASE WHEN k % 20 < 11 THEN 'detection.request' WHEN k % 20 < 14 THEN 'detection.answer'
  WHEN k % 20 < 18 THEN 'feedback.reachability' ELSE 'feedback.progress' END`
const IS_REFUSED = 'k % 17 = 0'
const IS_ANSWERED = 'k % 20 BETWEEN 1 AND 3 AND k + 10 < $2 AND (k + 10) % 17 <> 0'

/** All messages by their place; $1 is when the log begins, $2 how many there are. */
const PLACES = `
  SELECT k, company, type, type IN ('detection.answer', 'feedback.reachability') AS is_from_vdab,
    ${idSql("'msg'", 'k', '$1')} AS id, $1::timestamptz + k * interval '${MESSAGE_MS} ms' AS at, chance, ${IS_REFUSED} AS refused,
    k > $2::bigint - 3000 AS is_new, k > $2::bigint - 80000 AS is_of_month
  FROM (SELECT k, 'company-' || CASE WHEN ${TYPE} = 'detection.answer'
      THEN ${companySql('(k - 10)')} ELSE ${companySql('k')} END AS company,
    ${TYPE} AS type, mod(abs(hashint8extended(k, 3)), 10000)::int AS chance
    FROM generate_series(0::bigint, $2::bigint - 1) AS k) AS drawn`

const PARTIES = `
  INSERT INTO party (id, kind, name, kbo, jwks, base_url)
  SELECT 'vdab', 'employment-service', 'VDAB', '0999000129', '{"keys":[]}'::jsonb, 'https://vdab.example'
  UNION ALL SELECT '${RARE_PARTY}', 'welfare-office', 'OCMW Klein', '0999000228', '{"keys":[]}', NULL
  UNION ALL SELECT '${FORMER_PARTY}', 'housing-company', 'Vroegere maatschappij', '0999000327', '{"keys":[]}', NULL
  UNION ALL SELECT 'company-' || i, 'housing-company', 'Woonmaatschappij ' || i,
    '0' || 900000000 + i, '{"keys":[]}', NULL FROM generate_series(0, 39) AS i`

const MESSAGES = `
  INSERT INTO message (id, type, protocol, protocol_version, protocol_digest, fields, party_id, purpose, domain,
    period, reference_date, target_group, in_reply_to, received_at, received_day, digest, accepted, refused,
    code, receipt, answer_state, answer_code, answer_due_at, answered_at, found)
  SELECT id, type, 'wm-vdab', '1.0.0', md5('wm-vdab'),
    CASE type WHEN 'detection.request' THEN '{insz,tenantRef,tenantGround,referenceDate,targetGroup}'::text[]
      WHEN 'feedback.reachability' THEN '{tag,reachability,establishedOn}' ELSE '{found}' END,
    CASE WHEN is_from_vdab THEN 'vdab' ELSE company END, 'detection', '${DOMAIN}',
    CASE WHEN type = 'detection.request' THEN to_char(at, 'YYYY-MM') END,
    CASE WHEN type = 'detection.request' THEN date_trunc('month', at) END,
    CASE WHEN type = 'detection.request' THEN '{"id":"tenants-with-labour-potential","version":"1.0"}'::jsonb END,
    CASE WHEN type = 'detection.answer' AND NOT refused AND k >= 10 THEN ${idSql("'msg'", '(k - 10)', '$1')} END,
    at, at::date, md5(k::text) || md5(id),
    CASE WHEN refused THEN 0 WHEN type = 'detection.request' THEN 1 + chance % 300 ELSE 1 END,
    CASE WHEN refused THEN 1 + chance % 300 WHEN k % 7 = 0 THEN 2 ELSE 0 END,
    CASE WHEN refused THEN 'HB-' || 300 + floor(20 * power(chance / 1e4, 3))::int END,
    repeat(md5(id), 24),
    CASE WHEN type <> 'detection.request' OR refused THEN NULL WHEN ${IS_ANSWERED} THEN 'answered'
      WHEN chance >= 9990 THEN 'expired' WHEN k > $2::bigint - 10000 AND k % 3 = 0 THEN 'awaiting' END,
    CASE WHEN chance >= 9990 THEN 'HB-705' END, at + interval '14 days',
    CASE WHEN type = 'detection.request' AND ${IS_ANSWERED} THEN at + interval '5 minutes' END,
    CASE WHEN type = 'detection.answer' THEN chance % 100 END
  FROM (${PLACES}) AS m ORDER BY k`

const FEEDBACK = `
  INSERT INTO feedback (id, message_id, protocol, type, domain, tag, subject_tag, party_id, receiver_id, status,
    taken_up_on, closed_on, created_at, open_since, due_on, overdue_at)
  SELECT ${idSql("'fb'", 'k', '$1')}, id, 'wm-vdab', type, '${DOMAIN}', tag, tag, company, company, status,
    CASE WHEN status <> 'open' THEN at::date + 3 END, CASE WHEN status = 'closed' THEN at::date + 3 + chance % 25 END,
    at, at, CASE WHEN late THEN at::date + 30 END, CASE WHEN late THEN at + interval '31 days' END
  FROM (SELECT *, status <> 'closed' AND NOT is_of_month AS late
    FROM (SELECT *, decode(md5((chance * 15 + k % 15)::text), 'hex') AS tag,
      CASE WHEN is_of_month OR chance > 9600 THEN CASE WHEN chance % 3 = 0 THEN 'taken-up' ELSE 'open' END
        ELSE 'closed' END AS status
      FROM (${PLACES}) AS m WHERE type = 'feedback.reachability' AND NOT refused) AS f) AS f`

// Of a month the answers wait for its number; of the last day a part is on its way.
const HAND_OVERS = `
  INSERT INTO hand_over (id, message_id, destination, kind, event, domain, feedback_id, items, withdrawn, state,
    reason, attempts, last_status, due_at, created_at, state_since, delivered_at)
  SELECT del, id, CASE type WHEN 'detection.request' THEN 'vdab' WHEN 'feedback.progress' THEN NULL
      ELSE company END,
    CASE type WHEN 'detection.request' THEN 'request' WHEN 'feedback.progress' THEN 'register' ELSE 'event' END,
    CASE WHEN is_from_vdab THEN 'be.huisbrug.' || type END, '${DOMAIN}',
    CASE WHEN type = 'feedback.reachability' THEN fb END, items, 0, state,
    CASE state WHEN 'parked' THEN 'refused' WHEN 'retrying' THEN 'HB-801'
      WHEN 'held' THEN CASE WHEN type = 'detection.answer' THEN 'period-open' ELSE 'suspended' END END,
    1, CASE WHEN type = 'feedback.progress' THEN NULL WHEN state = 'delivered' THEN 202 ELSE 503 END, at, at,
    at, CASE WHEN state = 'delivered' THEN at + power(chance / 1e4, 6) * interval '2 hours' END
  FROM (SELECT p.*, ${idSql("'del'", 'p.k', '$1')} AS del, ${idSql("'fb'", 'p.k', '$1')} AS fb,
    CASE WHEN p.type = 'detection.request' THEN 1 + chance % 300 ELSE 1 END AS items,
    CASE WHEN p.type = 'feedback.progress' THEN 'delivered'
      WHEN p.type = 'detection.answer' AND is_of_month THEN 'held'
      WHEN chance < 10 THEN 'parked' WHEN chance < 30 THEN 'withdrawn' WHEN chance < 50 THEN 'expired'
      WHEN is_new AND chance < 300 THEN 'held' WHEN is_new AND chance < 500 THEN 'queued'
      WHEN is_new AND chance < 700 THEN 'retrying' ELSE 'delivered' END AS state
    FROM (${PLACES}) AS p WHERE NOT refused) AS h`

const ATTEMPTS = `
  INSERT INTO attempt (id, hand_over_id, destination, at, milliseconds, outcome, status)
  SELECT 'att_' || substr(id, 5) || n, id, destination, created_at + n * interval '30 seconds', 20 + hashtext(id) % 20,
    CASE WHEN n = tries AND state IN ('delivered', 'parked') THEN state ELSE 'retrying' END,
    CASE WHEN n = tries AND state = 'delivered' THEN 202 ELSE 503 END
  FROM (SELECT *, CASE WHEN hashtext(id) % 20 = 0 OR state IN ('parked', 'retrying') THEN 2 ELSE 1 END AS tries
    FROM hand_over WHERE destination IS NOT NULL AND state <> 'held') AS h, generate_series(1, tries) AS n`

const STEPS = `
  INSERT INTO transition (message_id, hand_over_id, was, state, at)
  SELECT message_id, id, 'queued', state, coalesce(delivered_at, created_at)
  FROM hand_over WHERE kind <> 'register' AND state NOT IN ('queued', 'held')
  UNION ALL SELECT id, NULL, 'awaiting', answer_state, answered_at FROM message WHERE answer_state = 'answered'`

const DOMAINS = `
  INSERT INTO domain (name, protocol, epoch, state, public_key)
  VALUES ('${DOMAIN}', 'wm-vdab', 1, 'current', sha256('domain'))`

const ROUTES = `
  INSERT INTO route (domain, tag, party_id, subject_tag, reference_hash, reference, period, expires_at)
  SELECT domain, tag, party_id, tag, sha256(tag), sha256(tag) || tag, to_char(now(), 'YYYY-MM'), now() + interval '1 year'
  FROM (SELECT DISTINCT domain, tag, party_id FROM feedback) AS f`

const CLOSES = `
  INSERT INTO period_close (protocol, party_id, period, closed_at, released_at, tenants, found)
  SELECT protocol, party_id, period, max(received_at) + interval '5 days', max(received_at) + interval '5 days', 900, 300
  FROM message WHERE type = 'detection.request' AND period < to_char(now(), 'YYYY-MM') GROUP BY 1, 2, 3`

const CLOSINGS = `
  INSERT INTO figure_closing
  SELECT closed_on, protocol, receiver_id, closed_on - created_at::date, count(*)
  FROM feedback WHERE status = 'closed' GROUP BY 1, 2, 3, 4`

const EFFECTS = `
  INSERT INTO figure_effect
  SELECT to_char(created_at, 'YYYY-MM'), protocol, receiver_id, count(DISTINCT tag) / 4 FROM feedback GROUP BY 1, 2, 3`

const USES = `
  INSERT INTO volume_use SELECT protocol, party_id, type, domain, received_day, sum(accepted)
  FROM message WHERE accepted > 0 GROUP BY 1, 2, 3, 4, 5`

const QUOTAS = `
  INSERT INTO quota_use (party_id, domain, day, used) SELECT party_id, domain, received_day, sum(accepted)
  FROM message WHERE type = 'detection.request' AND accepted > 0 GROUP BY 1, 2, 3`

const EXCEPTIONS = `
  INSERT INTO exception (kind, parties, domain, opened_at, closed_at, settled_to, reviewed_at, reviewed_by, finding)
  SELECT kind, parties, CASE WHEN kind = 'quota-burst' THEN '${DOMAIN}' END, at, CASE WHEN k > 300 THEN at + interval '2 days' END,
    CASE WHEN kind = 'two-current-routes' AND k > 300 THEN parties[1] END, CASE WHEN k > 600 THEN at END,
    CASE WHEN k > 600 THEN 'privacy-officer' END, CASE WHEN k > 600 THEN 'In orde.' END
  FROM (SELECT k, now() - k * interval '300 seconds' AS at,
    CASE WHEN k % 40 = 0 THEN 'quota-burst' WHEN k % 40 = 1 THEN 'webhook-gone' ELSE 'two-current-routes' END AS kind,
    CASE WHEN k % 40 < 2 THEN ARRAY['company-' || k / 40 % 40]
      ELSE ARRAY['company-' || k % 40, 'company-' || (k + 1 + k / 40 % 38) % 40] END AS parties
    FROM generate_series(1, least(100000, $2::bigint / 10)) AS k) AS e ORDER BY k DESC`

const CASES = `
  INSERT INTO subject_request (id, case_ref, kind, party_id, reason, received_on, due_on, outcome, closed_at)
  SELECT ${idSql("'req'", 'k', '$1')}, 'DOS-' || k, (ARRAY['access', 'restriction', 'objection', 'erasure'])[1 + k % 4],
    CASE WHEN k % 3 = 0 THEN 'company-' || k % 40 END, 'Vraag van een betrokkene', now()::date - (k / 10)::int,
    now()::date - (k / 10)::int + 30, CASE WHEN k > 250 THEN 'granted' END,
    CASE WHEN k > 250 THEN now() - k / 10 * interval '1 day' + interval '20 days' END
  FROM generate_series(1::bigint, least(3000, 1 + $2::bigint / 10)) AS k`

const ANNEXES = `
  INSERT INTO annex_1 (message_id, party_id, reference_date, counts, reported_at)
  SELECT DISTINCT ON (party_id, received_day) id, party_id, received_day, '{"tenants":900,"checked":800,"compliant":700,
    "works":300,"registered":200,"older":100,"unfit":50,"livingWage":50,"notCompliant":100}'::jsonb, received_at
  FROM message WHERE type = 'feedback.progress' AND code IS NULL AND id LIKE '%0' ORDER BY 2, 3, 1 LIMIT 2000`

const NOTICES = `
  INSERT INTO attention (kind, about, severity, count, since, noted_at, ended_at, notice_id, told_at)
  SELECT (ARRAY['parked', 'two-current-routes', 'quota-burst', 'calls-failing'])[1 + k % 4], 'company-' || k % 40,
    'warning', 1 + k % 9, at, at, CASE WHEN k > 40 THEN at + interval '1 hour' END, ${idSql("'ntc'", 'k', '$1')}, at
  FROM (SELECT k, now() - k * interval '4 hours' AS at FROM generate_series(1::bigint, least(2000, $2::bigint / 10)) AS k) AS a`

/**
 * What fills a system, in this order: a name and its statement. $1 is when the log begins, $2 how many
 * messages there are, both as literals.
 */
export const ROWS: Readonly<Record<string, string>> = {
  parties: PARTIES,
  domains: DOMAINS,
  messages: MESSAGES,
  feedback: FEEDBACK,
  'hand-overs': HAND_OVERS,
  attempts: ATTEMPTS,
  steps: STEPS,
  routes: ROUTES,
  'closed months': CLOSES,
  closings: CLOSINGS,
  effects: EFFECTS,
  volumes: USES,
  quotas: QUOTAS,
  exceptions: EXCEPTIONS,
  requests: CASES,
  'annexes 1': ANNEXES,
  attention: NOTICES,
}
