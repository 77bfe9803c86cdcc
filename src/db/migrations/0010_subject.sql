-- What waits for a second person.

CREATE TABLE approval (
  id              text PRIMARY KEY CHECK (id ~ '^req_[0-9A-HJKMNP-TV-Z]{26}$'),
  operation       text NOT NULL,
  salt            bytea CHECK (octet_length(salt) = 32),
  digest          bytea CHECK (octet_length(digest) = 32),
  reason          text NOT NULL CHECK (reason <> ''),
  asked_role      text NOT NULL,
  asked_by        text NOT NULL,
  asked_person    bytea,
  messages        text[],
  party           text,
  asked_at        timestamptz NOT NULL,
  expires_at      timestamptz NOT NULL,
  decision        text CHECK (decision IN ('given', 'refused')),
  decided_role    text,
  decided_by      text CHECK (decided_by <> asked_by),
  decided_person  bytea CHECK (decided_person <> asked_person),
  decided_at      timestamptz,
  decision_reason text,
  used_at         timestamptz,
  CHECK ((decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL)),
  CHECK (used_at IS NULL OR decision = 'given'),
  CHECK ((salt IS NULL) = (digest IS NULL) AND (digest IS NULL) = (used_at IS NOT NULL))
);
COMMENT ON TABLE approval IS 'Operations that a second person has to approve first, where four eyes are set; gone a day after they were asked';
COMMENT ON COLUMN approval.id IS 'req_ and a ULID';
COMMENT ON COLUMN approval.operation IS 'What is to be done, such as subject-usage';
COMMENT ON COLUMN approval.salt IS 'Random key of the digest; gone once used';
COMMENT ON COLUMN approval.digest IS 'HMAC-SHA256 of operation, what it is about and the reason: it is good for that call only; gone once used';
COMMENT ON COLUMN approval.reason IS 'Why, in words, never about a person';
COMMENT ON COLUMN approval.asked_role IS 'Role of who asked';
COMMENT ON COLUMN approval.asked_by IS 'Session or user who asked';
COMMENT ON COLUMN approval.asked_person IS 'The person behind that session, as in console_session; empty where nobody vouched for who it is';
COMMENT ON COLUMN approval.messages IS 'Messages or hand-overs that it is about; empty where it is about a person';
COMMENT ON COLUMN approval.party IS 'The party of whom the asker is the privacy officer; empty for all: those of one party see and decide no other';
COMMENT ON COLUMN approval.asked_at IS 'When';
COMMENT ON COLUMN approval.expires_at IS 'Until when it can be decided and used';
COMMENT ON COLUMN approval.decision IS 'What the second person decided; empty while it waits';
COMMENT ON COLUMN approval.decided_role IS 'Role of the second person';
COMMENT ON COLUMN approval.decided_by IS 'Session or user of the second person, never the one who asked';
COMMENT ON COLUMN approval.decided_person IS 'The second person, as in console_session, never the one who asked';
COMMENT ON COLUMN approval.decided_at IS 'When it was decided';
COMMENT ON COLUMN approval.decision_reason IS 'Why it was refused, where told';
COMMENT ON COLUMN approval.used_at IS 'When it was used, once';
