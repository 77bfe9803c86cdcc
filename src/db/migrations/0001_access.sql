-- Keys, parties, and who may come in.

CREATE TABLE wrapped_key (
  name         text PRIMARY KEY,
  wrapped      bytea,
  created_at   timestamptz NOT NULL DEFAULT now(),
  destroyed_at timestamptz,
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
COMMENT ON TABLE wrapped_key IS 'Secrets, each encrypted under the key-encryption key, which is never here';
COMMENT ON COLUMN wrapped_key.name IS 'What the secret is for, such as sign:token or domain:wm-vdab/1/1; also its associated data';
COMMENT ON COLUMN wrapped_key.wrapped IS 'AES-256-GCM: 12-byte nonce, ciphertext, 16-byte tag; empty once destroyed';
COMMENT ON COLUMN wrapped_key.created_at IS 'When the secret was made';
COMMENT ON COLUMN wrapped_key.destroyed_at IS 'When the secret was destroyed for good';

CREATE TABLE party (
  id          text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9._-]{1,64}$'),
  kind        text NOT NULL CHECK (kind IN ('housing-company', 'employment-service', 'welfare-office', 'gateway')),
  name        text NOT NULL,
  kbo         text NOT NULL CHECK (kbo ~ '^[01][0-9]{9}$'),
  jwks        jsonb,
  jwks_url    text,
  base_url    text,
  token_url   text,
  retries     jsonb,
  contacts    jsonb NOT NULL DEFAULT '[]',
  networks    text[] NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL DEFAULT now(),
  disabled_at timestamptz,
  CHECK ((jwks IS NULL) <> (jwks_url IS NULL))
);
COMMENT ON TABLE party IS 'Organisations that may exchange';
COMMENT ON COLUMN party.id IS 'The party id, also its OAuth client id';
COMMENT ON COLUMN party.kind IS 'What it is, and so what it may call; gateway: the gateway itself as the destination of its probes, which no command shows';
COMMENT ON COLUMN party.name IS 'Name for people';
COMMENT ON COLUMN party.kbo IS 'Enterprise number, ten digits';
COMMENT ON COLUMN party.jwks IS 'Its public keys (RFC 7517)';
COMMENT ON COLUMN party.jwks_url IS 'Where its public keys are, instead of jwks';
COMMENT ON COLUMN party.base_url IS 'Where the gateway sends messages to it';
COMMENT ON COLUMN party.token_url IS 'Where the gateway gets a token for that';
COMMENT ON COLUMN party.retries IS 'When hand-overs to it are tried again: firstSeconds, tries, hours; empty for the usual schedule';
COMMENT ON COLUMN party.contacts IS 'Desks to call there: role, name, email, phone; never a person';
COMMENT ON COLUMN party.networks IS 'Private networks (CIDR) in which its addresses may be; calls to others may not go there';
COMMENT ON COLUMN party.created_at IS 'When it was registered';
COMMENT ON COLUMN party.disabled_at IS 'Since when it may do nothing';

CREATE TABLE party_key (
  party_id     text NOT NULL REFERENCES party,
  kid          text NOT NULL,
  since        timestamptz NOT NULL,
  last_used_at timestamptz,
  expires_at   timestamptz,
  PRIMARY KEY (party_id, kid)
);
COMMENT ON TABLE party_key IS 'Since when the keys of parties count here, and when they were used; the keys themselves are elsewhere';
COMMENT ON COLUMN party_key.party_id IS 'Whose key';
COMMENT ON COLUMN party_key.kid IS 'The id of the key';
COMMENT ON COLUMN party_key.since IS 'When it was registered; of a key at an address, when it was first used';
COMMENT ON COLUMN party_key.last_used_at IS 'When it was last used, to the minute; empty while it never was';
COMMENT ON COLUMN party_key.expires_at IS 'Its end as it was when it was last used; empty where it has none';

CREATE TABLE webhook (
  party_id   text PRIMARY KEY REFERENCES party,
  url        text NOT NULL,
  events     text[],
  created_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now(),
  former_until timestamptz,
  disabled_at timestamptz
);
COMMENT ON TABLE webhook IS 'Where a party receives events; the secret is the key webhook:<party>';
COMMENT ON COLUMN webhook.party_id IS 'The receiving party';
COMMENT ON COLUMN webhook.url IS 'Its https endpoint';
COMMENT ON COLUMN webhook.events IS 'Event types it wants; empty for all';
COMMENT ON COLUMN webhook.created_at IS 'When it was first set';
COMMENT ON COLUMN webhook.changed_at IS 'When it was last changed';
COMMENT ON COLUMN webhook.former_until IS 'Until when the former secret, the key webhook:<party>:former, signs too; empty where there is none';
COMMENT ON COLUMN webhook.disabled_at IS 'Since when nothing is sent to it, for it answered 410; setting it again starts it again';

CREATE TABLE used_assertion (
  party_id   text NOT NULL,
  jti        text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (party_id, jti)
);
COMMENT ON TABLE used_assertion IS 'Client assertions already seen, so that none is used twice';
COMMENT ON COLUMN used_assertion.party_id IS 'Who signed the assertion';
COMMENT ON COLUMN used_assertion.jti IS 'Digest of its jti';
COMMENT ON COLUMN used_assertion.expires_at IS 'After this the row may go: the assertion has expired by then';
CREATE INDEX used_assertion_expiry ON used_assertion (expires_at);

CREATE TABLE console_link (
  digest     bytea PRIMARY KEY,
  role       text NOT NULL CHECK (role IN ('privacy-officer', 'auditor', 'operator', 'viewer')),
  party      text REFERENCES party CHECK (party IS NULL OR role = 'privacy-officer'),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at    timestamptz
);
COMMENT ON TABLE console_link IS 'One-time links into the console';
COMMENT ON COLUMN console_link.digest IS 'SHA-256 of the random link token';
COMMENT ON COLUMN console_link.role IS 'The role that the session gets';
COMMENT ON COLUMN console_link.party IS 'The one party that the privacy officer is of; empty for all parties';
COMMENT ON COLUMN console_link.created_at IS 'When the link was made';
COMMENT ON COLUMN console_link.expires_at IS 'Until when it works';
COMMENT ON COLUMN console_link.used_at IS 'When it was used';

CREATE TABLE console_session (
  digest     bytea PRIMARY KEY,
  role       text NOT NULL CHECK (role IN ('privacy-officer', 'auditor', 'operator', 'viewer')),
  party      text REFERENCES party CHECK (party IS NULL OR role = 'privacy-officer'),
  way        text NOT NULL DEFAULT 'link' CHECK (way IN ('link', 'provider', 'token')),
  person     bytea CHECK (octet_length(person) = 32),
  provider   bytea CHECK (octet_length(provider) = 32),
  name       text CHECK (length(name) BETWEEN 1 AND 80),
  csrf       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at    timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
COMMENT ON TABLE console_session IS 'People who are signed in';
COMMENT ON COLUMN console_session.digest IS 'SHA-256 of the random cookie value';
COMMENT ON COLUMN console_session.role IS 'What this session may do';
COMMENT ON COLUMN console_session.party IS 'The one party that the privacy officer is of: nothing of another shows; empty for all parties';
COMMENT ON COLUMN console_session.way IS 'How it was opened: a one-time link, the identity provider, or a token for a script';
COMMENT ON COLUMN console_session.person IS 'HMAC-SHA256 of issuer and subject at the identity provider: the same for every session of one person; empty for links and tokens';
COMMENT ON COLUMN console_session.provider IS 'HMAC-SHA256 of issuer and sid, the session at the identity provider: this one ends with it; empty where it gave none';
COMMENT ON COLUMN console_session.name IS 'What the identity provider calls the person, for the list of who is signed in; goes with the session';
COMMENT ON COLUMN console_session.csrf IS 'Token that every form of this session carries';
COMMENT ON COLUMN console_session.created_at IS 'When the person signed in';
COMMENT ON COLUMN console_session.seen_at IS 'Last request, for the idle time-out';
COMMENT ON COLUMN console_session.expires_at IS 'Absolute end';

-- Not in the write-ahead log: after a crash of the server every bucket is full again.
CREATE UNLOGGED TABLE limit_bucket (
  name    text PRIMARY KEY,
  level   double precision NOT NULL,
  granted int NOT NULL,
  at      timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE limit_bucket IS 'How many calls each party may still make, for all processes';
COMMENT ON COLUMN limit_bucket.name IS 'The party';
COMMENT ON COLUMN limit_bucket.level IS 'Tokens in its bucket at that instant; a call takes one';
COMMENT ON COLUMN limit_bucket.granted IS 'How many of the tokens that were asked for last there were';
COMMENT ON COLUMN limit_bucket.at IS 'When it was last asked';
