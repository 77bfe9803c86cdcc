-- What is known of protocols besides their documents: who signed, and what is suspended.

CREATE TABLE protocol_statement (
  jws_digest  bytea PRIMARY KEY CHECK (length(jws_digest) = 32),
  protocol    text NOT NULL,
  version     text NOT NULL,
  digest      text NOT NULL,
  party_id    text NOT NULL REFERENCES party,
  statement   text NOT NULL CHECK (statement IN ('accept', 'reject', 'revoke')),
  signer      text NOT NULL,
  function    text NOT NULL,
  signed_on   date NOT NULL,
  signed_at   timestamptz NOT NULL,
  thumbprint  text NOT NULL,
  jws         text NOT NULL,
  verified_at timestamptz NOT NULL
);
COMMENT ON TABLE protocol_statement IS 'Statements of parties over a protocol that verified against a key registered at that time; later rotations of the key do not undo them';
COMMENT ON COLUMN protocol_statement.jws_digest IS 'SHA-256 of the JWS';
COMMENT ON COLUMN protocol_statement.protocol IS 'Protocol id';
COMMENT ON COLUMN protocol_statement.version IS 'Its version';
COMMENT ON COLUMN protocol_statement.digest IS 'Digest of the document that was signed';
COMMENT ON COLUMN protocol_statement.party_id IS 'The party that signed';
COMMENT ON COLUMN protocol_statement.statement IS 'accept, reject or revoke';
COMMENT ON COLUMN protocol_statement.signer IS 'Who signed for the party, as the statement says';
COMMENT ON COLUMN protocol_statement.function IS 'Function of the signer';
COMMENT ON COLUMN protocol_statement.signed_on IS 'Date of signing, as the statement says';
COMMENT ON COLUMN protocol_statement.signed_at IS 'Instant of signing (iat)';
COMMENT ON COLUMN protocol_statement.thumbprint IS 'RFC 7638 thumbprint of the key that verified it';
COMMENT ON COLUMN protocol_statement.jws IS 'The statement itself';
COMMENT ON COLUMN protocol_statement.verified_at IS 'When the gateway verified it first';
CREATE INDEX protocol_statement_digest ON protocol_statement (digest);

CREATE TABLE protocol_suspension (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  protocol     text NOT NULL,
  suspended_at timestamptz NOT NULL,
  suspended_by text NOT NULL,
  reason       text NOT NULL,
  resumed_at   timestamptz,
  resumed_by   text,
  resume_reason text,
  CHECK ((resumed_at IS NULL) = (resumed_by IS NULL)),
  CHECK (resumed_at >= suspended_at)
);
COMMENT ON TABLE protocol_suspension IS 'Suspensions by command or console; those in signatures.json count as well';
COMMENT ON COLUMN protocol_suspension.id IS 'Number';
COMMENT ON COLUMN protocol_suspension.protocol IS 'Framework, protocol or accession id';
COMMENT ON COLUMN protocol_suspension.suspended_at IS 'Since when';
COMMENT ON COLUMN protocol_suspension.suspended_by IS 'Role or party on whose word';
COMMENT ON COLUMN protocol_suspension.reason IS 'Why, about the protocol and never about a person';
COMMENT ON COLUMN protocol_suspension.resumed_at IS 'Until when; empty while it lasts';
COMMENT ON COLUMN protocol_suspension.resumed_by IS 'Role or party on whose word it was resumed';
COMMENT ON COLUMN protocol_suspension.resume_reason IS 'Why it was resumed';
CREATE UNIQUE INDEX protocol_suspension_running ON protocol_suspension (protocol) WHERE resumed_at IS NULL;

CREATE TABLE protocol_notice (
  hand_over_id text PRIMARY KEY REFERENCES hand_over,
  protocol     text NOT NULL,
  version      text NOT NULL,
  at           timestamptz NOT NULL,
  reason       text
);
COMMENT ON TABLE protocol_notice IS 'What the events about a suspension say; one for each party that is told';
COMMENT ON COLUMN protocol_notice.hand_over_id IS 'The hand-over that carries the event';
COMMENT ON COLUMN protocol_notice.protocol IS 'Framework, protocol or accession id';
COMMENT ON COLUMN protocol_notice.version IS 'Its version at that time';
COMMENT ON COLUMN protocol_notice.at IS 'Since when it is suspended, or resumed';
COMMENT ON COLUMN protocol_notice.reason IS 'Reason of the suspension, where one is told';
