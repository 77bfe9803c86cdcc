-- Messages, their hand-overs, and what is on its way.

CREATE TABLE message (
  id               text PRIMARY KEY,
  type             text NOT NULL,
  protocol         text,
  protocol_version text,
  protocol_digest  text,
  fields           text[],
  party_id         text NOT NULL REFERENCES party,
  purpose          text,
  domain           text REFERENCES domain,
  period           text,
  reference_date   date,
  target_group     jsonb,
  in_reply_to      text REFERENCES message,
  received_at      timestamptz NOT NULL,
  received_day     date NOT NULL,
  digest           text NOT NULL,
  accepted         int NOT NULL CHECK (accepted >= 0),
  refused          int NOT NULL CHECK (refused >= 0),
  code             text,
  receipt          text,
  answer_state     text CHECK (answer_state IN ('awaiting', 'answered', 'expired')),
  answer_code      text,
  answer_due_at    timestamptz,
  answered_at      timestamptz,
  found            int CHECK (found >= 0),
  erased           int NOT NULL DEFAULT 0 CHECK (erased >= 0),
  CHECK (accepted + refused > 0)
);
COMMENT ON TABLE message IS 'One request of one party, accepted or refused';
COMMENT ON COLUMN message.id IS 'msg_ and a ULID';
COMMENT ON COLUMN message.type IS 'Message type, such as detection.request';
COMMENT ON COLUMN message.protocol IS 'Framework or protocol id; empty where it is not known';
COMMENT ON COLUMN message.protocol_version IS 'Version of the document that decided';
COMMENT ON COLUMN message.protocol_digest IS 'Digest of that document';
COMMENT ON COLUMN message.fields IS 'Names of the fields it carries, to check it against the protocol again';
COMMENT ON COLUMN message.party_id IS 'The sender';
COMMENT ON COLUMN message.purpose IS 'Purpose id in the protocol';
COMMENT ON COLUMN message.domain IS 'Pseudonym domain of its items';
COMMENT ON COLUMN message.period IS 'Calendar month of the reference date, YYYY-MM';
COMMENT ON COLUMN message.reference_date IS 'Reference date of a request';
COMMENT ON COLUMN message.target_group IS 'Target group id and version named in a request';
COMMENT ON COLUMN message.in_reply_to IS 'The request that this answers';
COMMENT ON COLUMN message.received_at IS 'When it was received';
COMMENT ON COLUMN message.received_day IS 'UTC day of that, for conservation';
COMMENT ON COLUMN message.digest IS 'SHA-256 of the body, base64url; the body holds a nonce that is not stored';
COMMENT ON COLUMN message.accepted IS 'Items accepted; a message without items is one';
COMMENT ON COLUMN message.refused IS 'Items refused';
COMMENT ON COLUMN message.code IS 'Code of the refusal of the whole message';
COMMENT ON COLUMN message.receipt IS 'The signed receipt (JWS)';
COMMENT ON COLUMN message.answer_state IS 'Interaction: whether the answer has come';
COMMENT ON COLUMN message.answer_code IS 'Interaction: why no answer comes any more, as a code';
COMMENT ON COLUMN message.answer_due_at IS 'End of the answer window of the protocol';
COMMENT ON COLUMN message.answered_at IS 'When the answer was accepted';
COMMENT ON COLUMN message.found IS 'Number of people found, on an answer';
COMMENT ON COLUMN message.erased IS 'Persons erased since the request was delivered: so many row ids of its answer may be unknown';
CREATE INDEX message_party ON message (party_id, id);
CREATE INDEX message_type ON message (type, id);
CREATE INDEX message_code ON message (code, id) WHERE code IS NOT NULL;
CREATE INDEX message_refused ON message (id) WHERE accepted = 0;
CREATE INDEX message_conservation ON message (received_day, protocol);
CREATE INDEX message_reply ON message (in_reply_to) WHERE in_reply_to IS NOT NULL;
CREATE INDEX message_awaiting ON message (answer_due_at) WHERE answer_state = 'awaiting';
CREATE INDEX message_period ON message (protocol, party_id, period) WHERE period IS NOT NULL;

CREATE TABLE volume_use (
  protocol text NOT NULL,
  party_id text NOT NULL REFERENCES party,
  type     text NOT NULL,
  domain   text NOT NULL,
  day      date NOT NULL,
  used     bigint NOT NULL CHECK (used >= 0),
  PRIMARY KEY (protocol, party_id, type, domain, day)
);
COMMENT ON TABLE volume_use IS 'Items accepted, for the ceilings of the protocol; its row lock makes them exact';
COMMENT ON COLUMN volume_use.protocol IS 'Framework or protocol id';
COMMENT ON COLUMN volume_use.party_id IS 'The sender';
COMMENT ON COLUMN volume_use.type IS 'Message type';
COMMENT ON COLUMN volume_use.domain IS 'Key epoch by its domain; empty for types without one';
COMMENT ON COLUMN volume_use.day IS 'UTC day of receipt';
COMMENT ON COLUMN volume_use.used IS 'Items accepted';

-- A key is its caller's word and found by who it is: an unknown party's would never be found.
CREATE TABLE idempotency (
  party_id   text NOT NULL,
  key        text NOT NULL,
  operation  text NOT NULL,
  digest     text NOT NULL,
  status     int  NOT NULL,
  response   json NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (party_id, operation, key)
);
COMMENT ON TABLE idempotency IS 'Outcomes by Idempotency-Key, so that a retry gets the first one';
COMMENT ON COLUMN idempotency.party_id IS 'The caller';
COMMENT ON COLUMN idempotency.key IS 'Its Idempotency-Key';
COMMENT ON COLUMN idempotency.operation IS 'Method and path';
COMMENT ON COLUMN idempotency.digest IS 'SHA-256 of the body';
COMMENT ON COLUMN idempotency.status IS 'HTTP status of the outcome';
COMMENT ON COLUMN idempotency.response IS 'Body of the outcome, without tenant references; json, for a retry gets the same bytes';
COMMENT ON COLUMN idempotency.created_at IS 'When the outcome was stored';

-- What is too old is deleted by when it came; small, and next to nothing to keep.
CREATE INDEX idempotency_created ON idempotency USING brin (created_at);

-- No foreign key: its message is inserted in the same transaction, and to look it up again for every row
-- costs as much as an index.
CREATE TABLE detection_row (
  message_id  text NOT NULL,
  row_id      bytea NOT NULL CHECK (length(row_id) = 16),
  nonce       bytea NOT NULL CHECK (length(nonce) = 12),
  ciphertext  bytea NOT NULL,
  tag         bytea NOT NULL CHECK (length(tag) = 16),
  subject_tag bytea NOT NULL CHECK (length(subject_tag) = 16),
  PRIMARY KEY (message_id, row_id)
);
COMMENT ON TABLE detection_row IS 'Sealed rows on their way to VDAB; erased once answered or expired';
COMMENT ON COLUMN detection_row.message_id IS 'The detection request';
COMMENT ON COLUMN detection_row.row_id IS 'Id of the row, new every month';
COMMENT ON COLUMN detection_row.nonce IS 'AES-GCM nonce';
COMMENT ON COLUMN detection_row.ciphertext IS 'Sealed content with the tag appended: only who knows the person can open it';
COMMENT ON COLUMN detection_row.tag IS 'Pseudonym, to answer per person where the protocol grants it; never sent';
COMMENT ON COLUMN detection_row.subject_tag IS 'The person, to withdraw the row';
CREATE INDEX detection_row_subject ON detection_row (subject_tag);

CREATE TABLE feedback (
  id             text PRIMARY KEY,
  message_id     text NOT NULL REFERENCES message,
  protocol       text NOT NULL,
  type           text NOT NULL,
  domain         text NOT NULL REFERENCES domain,
  tag            bytea CHECK (length(tag) = 16),
  subject_tag    bytea CHECK (length(subject_tag) = 16),
  party_id       text REFERENCES party,
  receiver_id    text REFERENCES party,
  content        jsonb,
  status         text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'taken-up', 'closed')),
  taken_up_on    date,
  closed_on      date,
  created_at     timestamptz NOT NULL,
  open_since     timestamptz NOT NULL DEFAULT now(),
  due_on         date,
  overdue_at     timestamptz,
  CHECK ((due_on IS NULL) = (overdue_at IS NULL)),
  CHECK ((tag IS NULL) = (subject_tag IS NULL) AND (tag IS NOT NULL OR content IS NULL))
);
COMMENT ON TABLE feedback IS 'One person whom an event is about, and what was done with it: a tenant whom VDAB reaches with difficulty, a client to be contacted';
COMMENT ON COLUMN feedback.id IS 'fb_ and a ULID';
COMMENT ON COLUMN feedback.message_id IS 'The message that carried it';
COMMENT ON COLUMN feedback.protocol IS 'Framework or protocol id';
COMMENT ON COLUMN feedback.type IS 'Type of that message';
COMMENT ON COLUMN feedback.domain IS 'Domain of the tag';
COMMENT ON COLUMN feedback.tag IS 'Pseudonym of the person; empty once the person was erased';
COMMENT ON COLUMN feedback.subject_tag IS 'The person, for rights and evidence; empty once erased';
COMMENT ON COLUMN feedback.party_id IS 'The one party that has the person under a reference of its own; empty while two have a current route';
COMMENT ON COLUMN feedback.receiver_id IS 'The party that takes it up: that party, or the employment service where that party sent it';
COMMENT ON COLUMN feedback.content IS 'The fields that the protocol lists, on their way to the party; erased with the payload';
COMMENT ON COLUMN feedback.status IS 'Progress at the receiver';
COMMENT ON COLUMN feedback.taken_up_on IS 'Date taken up';
COMMENT ON COLUMN feedback.closed_on IS 'Date closed';
COMMENT ON COLUMN feedback.created_at IS 'When it was accepted';
COMMENT ON COLUMN feedback.open_since IS 'Since when its receiver could be at it: accepted, its objection window over, one of two routes left';
COMMENT ON COLUMN feedback.due_on IS 'The last UTC day on which it could be closed in time; known once it is overdue';
COMMENT ON COLUMN feedback.overdue_at IS 'When it was found overdue and its receiver was told: once, whatever became of it since';
CREATE INDEX feedback_party ON feedback (party_id, id);
CREATE INDEX feedback_message ON feedback (message_id);
CREATE INDEX feedback_tag ON feedback (domain, tag);
CREATE INDEX feedback_payload ON feedback (id) WHERE content IS NOT NULL;
-- What goes on is counted by party, and read from the index alone.
CREATE INDEX feedback_going ON feedback (protocol, receiver_id)
  INCLUDE (status, overdue_at, open_since, created_at, domain, tag, party_id) WHERE status <> 'closed';
CREATE INDEX feedback_ageing ON feedback (protocol, party_id, type, open_since)
  WHERE status <> 'closed' AND overdue_at IS NULL;

CREATE TABLE detection_result (
  message_id text NOT NULL REFERENCES message,
  domain     text NOT NULL REFERENCES domain,
  tag        bytea NOT NULL CHECK (length(tag) = 16),
  found      boolean NOT NULL,
  content    jsonb,
  PRIMARY KEY (message_id, tag)
);
COMMENT ON TABLE detection_result IS 'Answers per person, only where the protocol grants them; erased with the payload';
COMMENT ON COLUMN detection_result.message_id IS 'The answer';
COMMENT ON COLUMN detection_result.domain IS 'Domain of the tag';
COMMENT ON COLUMN detection_result.tag IS 'Pseudonym of the tenant';
COMMENT ON COLUMN detection_result.found IS 'Whether VDAB has this person in its client file';
COMMENT ON COLUMN detection_result.content IS 'The fields of the answer about this person, where the protocol lists any';

CREATE TABLE outgoing_item (
  message_id  text NOT NULL REFERENCES message,
  position    int NOT NULL,
  domain      text NOT NULL REFERENCES domain,
  tag         bytea NOT NULL CHECK (length(tag) = 16),
  subject_tag bytea NOT NULL CHECK (length(subject_tag) = 16),
  feedback_id text REFERENCES feedback,
  content     jsonb NOT NULL,
  PRIMARY KEY (message_id, position)
);
COMMENT ON TABLE outgoing_item IS 'Persons on their way out by their tag: ended tenancies and other withdrawals, events to VDAB, progress; erased once delivered';
COMMENT ON COLUMN outgoing_item.message_id IS 'The message that reported it';
COMMENT ON COLUMN outgoing_item.position IS 'Number within the message';
COMMENT ON COLUMN outgoing_item.domain IS 'Domain of the tag';
COMMENT ON COLUMN outgoing_item.tag IS 'Pseudonym of the person';
COMMENT ON COLUMN outgoing_item.subject_tag IS 'The person';
COMMENT ON COLUMN outgoing_item.feedback_id IS 'What progress of an event refers to';
COMMENT ON COLUMN outgoing_item.content IS 'The fields that the protocol lists, such as the date on which a tenancy ended';
CREATE INDEX outgoing_item_feedback ON outgoing_item (feedback_id) WHERE feedback_id IS NOT NULL;
CREATE INDEX outgoing_item_subject ON outgoing_item (subject_tag);

CREATE TABLE counts_item (
  message_id text NOT NULL REFERENCES message,
  position   int NOT NULL,
  content    jsonb NOT NULL,
  PRIMARY KEY (message_id, position)
);
COMMENT ON TABLE counts_item IS 'Numbers about the group of a request, as they may be shown; erased with the payload';
COMMENT ON COLUMN counts_item.message_id IS 'The message that carried them';
COMMENT ON COLUMN counts_item.position IS 'Place in it';
COMMENT ON COLUMN counts_item.content IS 'The fields, the number after disclosure control, null where it is withheld';

CREATE TABLE participation (
  protocol     text NOT NULL,
  party_id     text NOT NULL REFERENCES party,
  subject_tag  bytea NOT NULL CHECK (length(subject_tag) = 16),
  signed_on    date,
  document     text,
  withdrawn_on date,
  PRIMARY KEY (protocol, party_id, subject_tag),
  CHECK (withdrawn_on IS NOT NULL OR (signed_on IS NOT NULL AND document IS NOT NULL))
);
COMMENT ON TABLE participation IS 'Signed participations of persons, where the protocol asks for one; erased with the route, but for a withdrawal, which is kept while the agreement lasts';
COMMENT ON COLUMN participation.protocol IS 'Framework or protocol id';
COMMENT ON COLUMN participation.party_id IS 'The party that holds the document';
COMMENT ON COLUMN participation.subject_tag IS 'The person';
COMMENT ON COLUMN participation.signed_on IS 'Date of signing; empty where only the withdrawal is known';
COMMENT ON COLUMN participation.document IS 'The party''s own reference of the document; empty once only the withdrawal is kept';
COMMENT ON COLUMN participation.withdrawn_on IS 'Since when it is withdrawn; a later signature counts again';

CREATE TABLE objection (
  protocol    text NOT NULL,
  party_id    text NOT NULL REFERENCES party,
  type        text NOT NULL,
  subject_tag bytea NOT NULL CHECK (length(subject_tag) = 16),
  objected_on date NOT NULL,
  PRIMARY KEY (protocol, party_id, type, subject_tag)
);
COMMENT ON TABLE objection IS 'Persons who objected while a message about them waited: what was announced before does not go out after all; kept while the agreement lasts';
COMMENT ON COLUMN objection.protocol IS 'Framework or protocol id';
COMMENT ON COLUMN objection.party_id IS 'The party that announced';
COMMENT ON COLUMN objection.type IS 'Message type of the objection';
COMMENT ON COLUMN objection.subject_tag IS 'The person';
COMMENT ON COLUMN objection.objected_on IS 'Day of the latest objection; what is announced later counts again';

CREATE TABLE period_close (
  protocol    text NOT NULL,
  party_id    text NOT NULL REFERENCES party,
  period      text NOT NULL CHECK (period ~ '^[0-9]{4}-[0-9]{2}$'),
  closed_at   timestamptz NOT NULL,
  released_at timestamptz,
  tenants     int,
  found       int,
  message_id  text UNIQUE,
  receipt     text,
  PRIMARY KEY (protocol, party_id, period)
);
COMMENT ON TABLE period_close IS 'Closed request periods and the one number released for each';
COMMENT ON COLUMN period_close.protocol IS 'Framework or protocol id';
COMMENT ON COLUMN period_close.party_id IS 'The housing company';
COMMENT ON COLUMN period_close.period IS 'Calendar month';
COMMENT ON COLUMN period_close.closed_at IS 'Since when no further request is accepted for it';
COMMENT ON COLUMN period_close.released_at IS 'When the number was released';
COMMENT ON COLUMN period_close.tenants IS 'Distinct tenants answered for';
COMMENT ON COLUMN period_close.found IS 'The number after disclosure control; empty where withheld';
COMMENT ON COLUMN period_close.message_id IS 'Id of the close in its entry and receipt: msg_ and a ULID; empty where the time of the protocol closed it';
COMMENT ON COLUMN period_close.receipt IS 'The signed receipt (JWS) of who closed it';

-- A month in which a company is still sending has not named everyone yet: until it closes, who was
-- named in the last closed month stays current, so that no signal is lost in between.
CREATE VIEW current_route AS
  SELECT r.* FROM route r JOIN domain d ON d.name = r.domain
  WHERE r.ended_on IS NULL AND r.expires_at > now() AND r.period >= coalesce((
    SELECT max(c.period) FROM period_close c
    WHERE c.protocol = d.protocol AND c.party_id = r.party_id), '');
COMMENT ON VIEW current_route IS 'Routes whose company named the person in its latest complete request period or since, and did not end the tenancy';

CREATE INDEX period_close_open ON period_close (closed_at) WHERE released_at IS NULL;

CREATE TABLE hand_over (
  id           text PRIMARY KEY,
  message_id   text REFERENCES message,
  destination  text REFERENCES party,
  kind         text NOT NULL CHECK (kind IN ('request', 'items', 'event', 'register', 'probe')),
  event        text,
  domain       text REFERENCES domain,
  feedback_id  text REFERENCES feedback,
  with_id      text REFERENCES hand_over,
  counted      boolean NOT NULL DEFAULT true,
  items        int NOT NULL CHECK (items >= 0),
  repeats      int NOT NULL DEFAULT 0 CHECK (repeats >= 0),
  withdrawn    int NOT NULL DEFAULT 0 CHECK (withdrawn >= 0),
  state        text NOT NULL CHECK (state IN
                 ('queued', 'retrying', 'held', 'delivered', 'parked', 'expired', 'withdrawn')),
  reason       text,
  attempts     int NOT NULL DEFAULT 0,
  attempts_before int NOT NULL DEFAULT 0,
  last_status  int,
  due_at       timestamptz NOT NULL,
  claimed_until timestamptz,
  created_at   timestamptz NOT NULL,
  state_since  timestamptz NOT NULL DEFAULT now(),
  delivered_at timestamptz,
  listed_at    timestamptz,
  acknowledged_at timestamptz,
  erased_at    timestamptz,
  probe        text,
  CHECK (message_id IS NOT NULL OR NOT counted),
  CHECK ((kind = 'probe') = (probe IS NOT NULL) AND (probe IS NULL OR NOT counted)),
  CHECK (destination IS NOT NULL OR kind = 'register' OR state IN ('held', 'withdrawn', 'expired'))
);
COMMENT ON TABLE hand_over IS 'A message, or a part of it, reaching one destination';
COMMENT ON COLUMN hand_over.id IS 'del_ and a ULID; the webhook-id of its event';
COMMENT ON COLUMN hand_over.message_id IS 'The message it belongs to; empty for a test event';
COMMENT ON COLUMN hand_over.destination IS 'The party that receives it; empty while two routes are current, and for the register';
COMMENT ON COLUMN hand_over.kind IS 'How it is carried: a call to VDAB with sealed rows or with items; an event for a webhook or inbox; kept in the gateway''s own register; or a probe to the gateway itself';
COMMENT ON COLUMN hand_over.domain IS 'Domain of the tags it carries';
COMMENT ON COLUMN hand_over.event IS 'Event type, for an event';
COMMENT ON COLUMN hand_over.feedback_id IS 'The feedback it carries';
COMMENT ON COLUMN hand_over.with_id IS 'The hand-over that carries this one: the answers of a period go out as one number';
COMMENT ON COLUMN hand_over.counted IS 'Whether its items count in the conservation of its message; notices do not';
COMMENT ON COLUMN hand_over.items IS 'Items of the message it carries, without the withdrawn ones';
COMMENT ON COLUMN hand_over.repeats IS 'Persons it names besides, by the tag of a former key epoch: another hand-over of the message counts them';
COMMENT ON COLUMN hand_over.withdrawn IS 'Items taken out before delivery';
COMMENT ON COLUMN hand_over.state IS 'Where it stands';
COMMENT ON COLUMN hand_over.reason IS 'Why, as a code: why held, parked or withdrawn';
COMMENT ON COLUMN hand_over.attempts IS 'Times it was tried';
COMMENT ON COLUMN hand_over.attempts_before IS 'Of those: before it was last asked for again by hand; the schedule starts anew then';
COMMENT ON COLUMN hand_over.last_status IS 'HTTP status of the last answer; empty where there was none';
COMMENT ON COLUMN hand_over.due_at IS 'When it is next due';
COMMENT ON COLUMN hand_over.claimed_until IS 'Until when a worker has it in hand';
COMMENT ON COLUMN hand_over.created_at IS 'When it was made';
COMMENT ON COLUMN hand_over.state_since IS 'Since when it is in this state, by the clock of the database';
COMMENT ON COLUMN hand_over.delivered_at IS 'When the destination took it';
COMMENT ON COLUMN hand_over.erased_at IS 'When its payload was erased: then it cannot be had again';
COMMENT ON COLUMN hand_over.probe IS 'The protocol that a probe is for: a synthetic message to the gateway itself, about nobody';
COMMENT ON COLUMN hand_over.listed_at IS 'When the inbox first showed it; only what was shown can be acknowledged';
COMMENT ON COLUMN hand_over.acknowledged_at IS 'When the destination acknowledged it through its inbox';
CREATE INDEX hand_over_due ON hand_over (destination, due_at) WHERE state IN ('queued', 'retrying');
CREATE INDEX hand_over_open ON hand_over (state) WHERE state NOT IN ('delivered', 'withdrawn', 'expired');
CREATE INDEX hand_over_ended ON hand_over (state, message_id) WHERE state IN ('withdrawn', 'expired');
CREATE INDEX hand_over_message ON hand_over (message_id);
CREATE INDEX hand_over_destination ON hand_over (destination, id);
CREATE INDEX hand_over_feedback ON hand_over (feedback_id) WHERE feedback_id IS NOT NULL;
CREATE UNIQUE INDEX hand_over_overdue ON hand_over (feedback_id)
  WHERE event = 'be.huisbrug.feedback.overdue';
CREATE INDEX hand_over_with ON hand_over (with_id) WHERE with_id IS NOT NULL;
CREATE INDEX hand_over_probe ON hand_over (probe, created_at) WHERE probe IS NOT NULL;
CREATE INDEX hand_over_held ON hand_over (reason) WHERE state = 'held';

-- Written for hand-overs that the same transaction has just claimed: a foreign key would look each up again, and lock it
-- and its party.
CREATE TABLE attempt (
  id           text COLLATE "C" PRIMARY KEY,
  hand_over_id text NOT NULL,
  destination  text NOT NULL,
  at           timestamptz NOT NULL,
  milliseconds int,
  outcome      text CHECK (outcome IN ('delivered', 'retrying', 'parked', 'withdrawn')),
  status       int,
  reason       text
) PARTITION BY RANGE (id);
COMMENT ON TABLE attempt IS 'Every try of a hand-over, for tracing and statistics; kept for 90 days, and until the month in which they began is over for so long';
COMMENT ON COLUMN attempt.id IS 'att_ and a ULID; the header X-Huisbrug-Attempt of that try';
COMMENT ON COLUMN attempt.hand_over_id IS 'What was handed over';
COMMENT ON COLUMN attempt.destination IS 'To whom';
COMMENT ON COLUMN attempt.at IS 'When the try was claimed';
COMMENT ON COLUMN attempt.milliseconds IS 'How long the try took';
COMMENT ON COLUMN attempt.outcome IS 'What became of it; empty while it is under way, or where its worker died';
COMMENT ON COLUMN attempt.status IS 'HTTP status of the answer; empty where there was none';
COMMENT ON COLUMN attempt.reason IS 'Why it did not go through, as a code';
CREATE INDEX attempt_hand_over ON attempt (hand_over_id, id);
CREATE INDEX attempt_destination ON attempt (destination, at);

CREATE TABLE circuit (
  party_id     text NOT NULL REFERENCES party,
  channel      text NOT NULL CHECK (channel IN ('calls', 'webhook')),
  failures     int NOT NULL,
  pauses       int NOT NULL DEFAULT 0,
  paused_until timestamptz,
  failing_since timestamptz NOT NULL,
  reason       text NOT NULL,
  PRIMARY KEY (party_id, channel)
);
COMMENT ON TABLE circuit IS 'Destinations that fail now; a destination without a row is well';
COMMENT ON COLUMN circuit.party_id IS 'The destination';
COMMENT ON COLUMN circuit.channel IS 'Its own endpoints, or its webhook';
COMMENT ON COLUMN circuit.failures IS 'Tries that failed since the last that did not';
COMMENT ON COLUMN circuit.pauses IS 'Pauses since then: each is longer than the one before';
COMMENT ON COLUMN circuit.paused_until IS 'Until when nothing is tried; past: one try goes first; empty: it is not paused yet';
COMMENT ON COLUMN circuit.failing_since IS 'When the first of these tries failed';
COMMENT ON COLUMN circuit.reason IS 'Why the last one failed, as a code';

CREATE TABLE exception (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind       text NOT NULL,
  message_id text REFERENCES message,
  feedback_id text REFERENCES feedback,
  domain     text,
  parties    text[] NOT NULL DEFAULT '{}',
  opened_at  timestamptz NOT NULL,
  closed_at  timestamptz,
  settled_to text REFERENCES party,
  about      text,
  reviewed_at timestamptz,
  reviewed_by text,
  finding    text CHECK (finding <> ''),
  CHECK ((reviewed_at IS NULL) = (reviewed_by IS NULL) AND (reviewed_at IS NULL) = (finding IS NULL))
);
COMMENT ON TABLE exception IS 'What a person should look at';
COMMENT ON COLUMN exception.id IS 'Number';
COMMENT ON COLUMN exception.kind IS 'two-current-routes, quota-burst, webhook-gone, party-disabled, out-of-balance or probe-late';
COMMENT ON COLUMN exception.message_id IS 'The message it is about';
COMMENT ON COLUMN exception.feedback_id IS 'The feedback it is about';
COMMENT ON COLUMN exception.domain IS 'Under which key the blind evaluations were that it is about';
COMMENT ON COLUMN exception.parties IS 'The parties between which it is, where two have the same person; or the one whose blind evaluations or webhook it is about, or that is disabled';
COMMENT ON COLUMN exception.settled_to IS 'The party that was left, once it is closed; empty where none was';
COMMENT ON COLUMN exception.about IS 'The protocol it is about, and the day of receipt where items of it do not balance';
COMMENT ON COLUMN exception.opened_at IS 'Since when';
COMMENT ON COLUMN exception.closed_at IS 'Until when';
COMMENT ON COLUMN exception.reviewed_at IS 'When a person looked at it; it may go on after that, or be over before';
COMMENT ON COLUMN exception.reviewed_by IS 'The role of that person';
COMMENT ON COLUMN exception.finding IS 'What that person found; never about whom';
CREATE INDEX exception_open ON exception (opened_at) WHERE closed_at IS NULL;
CREATE INDEX exception_kind ON exception (kind, opened_at) INCLUDE (parties, settled_to);

CREATE TABLE protocol_version (
  id        text NOT NULL,
  version   text NOT NULL,
  digest    text NOT NULL,
  document  jsonb NOT NULL,
  state     text NOT NULL,
  seen_at   timestamptz NOT NULL,
  PRIMARY KEY (id, digest)
);
COMMENT ON TABLE protocol_version IS 'Every protocol document the gateway has executed or refused to, kept as evidence';
COMMENT ON COLUMN protocol_version.id IS 'Protocol id';
COMMENT ON COLUMN protocol_version.version IS 'Its version';
COMMENT ON COLUMN protocol_version.digest IS 'SHA-256 over RFC 8785 canonical JSON, base64url';
COMMENT ON COLUMN protocol_version.document IS 'The document';
COMMENT ON COLUMN protocol_version.state IS 'Last state the gateway saw it in';
COMMENT ON COLUMN protocol_version.seen_at IS 'When the gateway saw that state';
