-- Domains, quota, routes.

CREATE TABLE domain (
  name       text PRIMARY KEY,
  protocol   text NOT NULL,
  epoch      int  NOT NULL CHECK (epoch > 0),
  state      text NOT NULL CHECK (state IN ('opening', 'current', 'closing', 'closed')),
  public_key bytea NOT NULL,
  opened_at  timestamptz NOT NULL DEFAULT now(),
  ready_at   timestamptz,
  closed_at  timestamptz
);
COMMENT ON TABLE domain IS 'Pseudonym domains: one key epoch of one framework or protocol; the secret is the key domain:<name>';
COMMENT ON COLUMN domain.name IS '<framework or protocol id>/<major version>/<key epoch>';
COMMENT ON COLUMN domain.protocol IS 'Framework or protocol id';
COMMENT ON COLUMN domain.epoch IS 'Number of the key epoch, from 1';
COMMENT ON COLUMN domain.state IS 'opening: recipient prepares; current: requests use it; closing: still routes feedback; closed: key destroyed';
COMMENT ON COLUMN domain.public_key IS 'ristretto255 public key, 32 bytes';
COMMENT ON COLUMN domain.opened_at IS 'When the key was made';
COMMENT ON COLUMN domain.ready_at IS 'When the recipient reported that its register is ready';
COMMENT ON COLUMN domain.closed_at IS 'When the key was destroyed';
CREATE UNIQUE INDEX domain_one_current ON domain (protocol) WHERE state = 'current';

CREATE TABLE published_key (
  domain     text PRIMARY KEY,
  public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
  entry_id   bytea NOT NULL CHECK (octet_length(entry_id) = 16)
);
COMMENT ON TABLE published_key IS 'Where the audit log publishes a public key of pseudonyms';
COMMENT ON COLUMN published_key.domain IS 'Domain, or subject: the gateway''s own index of persons';
COMMENT ON COLUMN published_key.public_key IS 'ristretto255 public key, 32 bytes';
COMMENT ON COLUMN published_key.entry_id IS 'Id of the entry key.created';

CREATE TABLE quota_use (
  party_id text NOT NULL REFERENCES party,
  domain   text NOT NULL,
  day      date NOT NULL,
  used     bigint NOT NULL CHECK (used >= 0),
  beyond   bigint NOT NULL DEFAULT 0 CHECK (beyond BETWEEN 0 AND used),
  PRIMARY KEY (party_id, domain, day)
);
COMMENT ON TABLE quota_use IS 'Blind evaluations used, per party, domain and UTC day';
COMMENT ON COLUMN quota_use.party_id IS 'Who asked';
COMMENT ON COLUMN quota_use.domain IS 'Under which key: a domain, or subject';
COMMENT ON COLUMN quota_use.day IS 'UTC day';
COMMENT ON COLUMN quota_use.used IS 'Elements evaluated';
COMMENT ON COLUMN quota_use.beyond IS 'Of those: with the register prepared already, and beyond what was granted once more';

CREATE TABLE quota_grant (
  party_id    text NOT NULL REFERENCES party,
  domain      text NOT NULL,
  elements    bigint NOT NULL CHECK (elements > 0),
  used_before bigint NOT NULL CHECK (used_before >= 0),
  reason      text NOT NULL CHECK (reason <> ''),
  granted_at  timestamptz NOT NULL,
  granted_by  text NOT NULL,
  PRIMARY KEY (party_id, domain)
);
COMMENT ON TABLE quota_grant IS 'The one extra grant of blind evaluations that a party may get per domain, so per key epoch';
COMMENT ON COLUMN quota_grant.party_id IS 'Who got it';
COMMENT ON COLUMN quota_grant.domain IS 'Under which key: a domain, or subject';
COMMENT ON COLUMN quota_grant.elements IS 'How many elements more';
COMMENT ON COLUMN quota_grant.used_before IS 'What the party had used when it was granted';
COMMENT ON COLUMN quota_grant.reason IS 'Why, in words, never about a person';
COMMENT ON COLUMN quota_grant.granted_at IS 'When';
COMMENT ON COLUMN quota_grant.granted_by IS 'The role that granted it';

CREATE TABLE route (
  domain         text NOT NULL,
  tag            bytea NOT NULL CHECK (length(tag) = 16),
  party_id       text NOT NULL,
  subject_tag    bytea NOT NULL CHECK (length(subject_tag) = 16),
  reference_hash bytea NOT NULL,
  reference      bytea NOT NULL,
  period         text NOT NULL CHECK (period ~ '^[0-9]{4}-[0-9]{2}$'),
  ended_on       date,
  expires_at     timestamptz NOT NULL,
  -- What tells rows apart comes first: texts that all rows share cost a comparison at every step.
  PRIMARY KEY (tag, domain, party_id)
);
COMMENT ON TABLE route IS 'Which housing company has the person behind a tag';
COMMENT ON COLUMN route.domain IS 'The domain of the tag';
COMMENT ON COLUMN route.tag IS 'Pseudonym, 16 bytes';
COMMENT ON COLUMN route.party_id IS 'The housing company that named the person';
COMMENT ON COLUMN route.subject_tag IS 'The gateway''s own index of the person, for rights and evidence';
COMMENT ON COLUMN route.reference_hash IS 'HMAC-SHA256 of the tenant reference under the route key, to find it again';
COMMENT ON COLUMN route.reference IS 'The tenant reference, AES-256-GCM under the route key: nonce, ciphertext, tag; nothing once the tenancy ended';
COMMENT ON COLUMN route.period IS 'Latest request period in which the company named the person';
COMMENT ON COLUMN route.ended_on IS 'End of the tenancy, as the company reported it';
COMMENT ON COLUMN route.expires_at IS 'End of retention under the protocol';
CREATE INDEX route_subject ON route (subject_tag);
CREATE INDEX route_reference ON route (reference_hash, party_id, domain);
-- What is erased by age is found by the range of its blocks: an index of rows would cost each of them.
CREATE INDEX route_expires ON route USING brin (expires_at timestamptz_minmax_multi_ops);

-- No foreign key: its party is that of the message of the same transaction, and to look it up again for
-- every row costs as much as an index.
CREATE TABLE period_member (
  protocol    text NOT NULL,
  party_id    text NOT NULL,
  period      text NOT NULL CHECK (period ~ '^[0-9]{4}-[0-9]{2}$'),
  type        text NOT NULL,
  subject_tag bytea NOT NULL CHECK (length(subject_tag) = 16),
  tag         bytea NOT NULL CHECK (length(tag) = 16),
  row_id      bytea NOT NULL CHECK (length(row_id) = 16),
  PRIMARY KEY (protocol, party_id, period, type, subject_tag),
  UNIQUE (protocol, party_id, period, type, tag),
  UNIQUE (protocol, party_id, period, type, row_id)
);
COMMENT ON TABLE period_member IS 'Persons a housing company sent in a period: each at most once, and the base of differencing checks';
COMMENT ON COLUMN period_member.protocol IS 'Framework or protocol id';
COMMENT ON COLUMN period_member.party_id IS 'The housing company';
COMMENT ON COLUMN period_member.period IS 'Calendar month of the reference date';
COMMENT ON COLUMN period_member.type IS 'Type of the request';
COMMENT ON COLUMN period_member.subject_tag IS 'The person';
COMMENT ON COLUMN period_member.tag IS 'Pseudonym in the domain of the request: a blind sender cannot send one person under two subject tags';
COMMENT ON COLUMN period_member.row_id IS 'Id of the row, made of the secret: nor one secret under two tags';
CREATE INDEX period_member_period ON period_member USING brin (period);
