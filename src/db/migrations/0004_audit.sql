-- Evidence: what is still to be sequenced, the log, and what may be erased beside it.

CREATE TABLE audit_pending (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entry_id   bytea NOT NULL CHECK (octet_length(entry_id) = 16),
  entry      bytea NOT NULL CHECK (octet_length(entry) BETWEEN 1 AND 65535),
  at         timestamptz NOT NULL,
  action     text NOT NULL,
  actor      text NOT NULL,
  party      text,
  message_id text,
  protocol   text,
  type       text,
  decision   text,
  code       text,
  recipient  text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE audit_pending IS 'Entries that committed with what they record and have no place in the log yet; the sequencer moves them';
COMMENT ON COLUMN audit_pending.id IS 'Order in which they were written, not in which they committed';
COMMENT ON COLUMN audit_pending.entry_id IS 'The 16 random bytes that are the id of the entry';
COMMENT ON COLUMN audit_pending.entry IS 'The entry: RFC 8785 canonical JSON after schemas/audit-entry.json';
COMMENT ON COLUMN audit_pending.at IS 'Copy of at in the entry';
COMMENT ON COLUMN audit_pending.action IS 'Copy of action in the entry';
COMMENT ON COLUMN audit_pending.actor IS 'Copy of actor.role in the entry';
COMMENT ON COLUMN audit_pending.party IS 'Copy of actor.party in the entry';
COMMENT ON COLUMN audit_pending.message_id IS 'Copy of message.id in the entry';
COMMENT ON COLUMN audit_pending.protocol IS 'Copy of protocol.id in the entry';
COMMENT ON COLUMN audit_pending.type IS 'Copy of message.type in the entry';
COMMENT ON COLUMN audit_pending.decision IS 'Copy of decision in the entry';
COMMENT ON COLUMN audit_pending.code IS 'Copy of code in the entry';
COMMENT ON COLUMN audit_pending.recipient IS 'Copy of recipient in the entry';
COMMENT ON COLUMN audit_pending.created_at IS 'When it was written, by the clock of the database, to see that it does not wait too long';
-- Rows live for a fraction of a second: vacuum by number, not by share.
ALTER TABLE audit_pending SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000000
);

CREATE TABLE audit_entry (
  index      bigint PRIMARY KEY CHECK (index >= 0),
  entry_id   bytea NOT NULL CHECK (octet_length(entry_id) = 16),
  entry      bytea NOT NULL CHECK (octet_length(entry) BETWEEN 1 AND 65535),
  leaf       bytea NOT NULL CHECK (octet_length(leaf) = 32),
  at         timestamptz NOT NULL,
  action     text NOT NULL,
  actor      text NOT NULL,
  party      text,
  message_id text,
  protocol   text,
  type       text,
  decision   text,
  code       text,
  recipient  text,
  kind       bigint NOT NULL GENERATED ALWAYS AS (hashtextextended(
    action || E'\n' || actor || E'\n' || coalesce(party, '') || E'\n' || coalesce(protocol, '') || E'\n' ||
    coalesce(type, '') || E'\n' || coalesce(decision, '') || E'\n' || coalesce(code, '') || E'\n' ||
    coalesce(recipient, ''), 0)) STORED
) PARTITION BY RANGE (index);
COMMENT ON TABLE audit_entry IS 'The log: append only. Everything but entry is a copy for searching, checked by huisbrug audit verify';
COMMENT ON COLUMN audit_entry.index IS 'Place in the log, from 0, without gaps';
COMMENT ON COLUMN audit_entry.entry_id IS 'Copy of id in the entry';
COMMENT ON COLUMN audit_entry.entry IS 'The entry: RFC 8785 canonical JSON after schemas/audit-entry.json';
COMMENT ON COLUMN audit_entry.leaf IS 'RFC 6962 leaf hash of the entry';
COMMENT ON COLUMN audit_entry.at IS 'Copy of at in the entry';
COMMENT ON COLUMN audit_entry.action IS 'Copy of action in the entry';
COMMENT ON COLUMN audit_entry.actor IS 'Copy of actor.role in the entry';
COMMENT ON COLUMN audit_entry.party IS 'Copy of actor.party in the entry';
COMMENT ON COLUMN audit_entry.message_id IS 'Copy of message.id in the entry';
COMMENT ON COLUMN audit_entry.protocol IS 'Copy of protocol.id in the entry';
COMMENT ON COLUMN audit_entry.type IS 'Copy of message.type in the entry';
COMMENT ON COLUMN audit_entry.decision IS 'Copy of decision in the entry';
COMMENT ON COLUMN audit_entry.code IS 'Copy of code in the entry';
COMMENT ON COLUMN audit_entry.recipient IS 'Copy of recipient in the entry';
COMMENT ON COLUMN audit_entry.kind IS 'Hash of the copies but at and message_id: the same for entries that are searched alike';
-- A page is ordered by time and place. What can be asked for together is as good as always a handful of
-- kinds, so one index by kind serves every combination of filters, and an entry costs one index, not eight.
CREATE INDEX audit_entry_at ON audit_entry (at, index);
CREATE INDEX audit_entry_kind ON audit_entry (kind, at, index);
CREATE INDEX audit_entry_message ON audit_entry (message_id, at, index) WHERE message_id IS NOT NULL;

CREATE TABLE audit_kind (
  kind      bigint PRIMARY KEY,
  action    text NOT NULL,
  actor     text NOT NULL,
  party     text,
  protocol  text,
  type      text,
  decision  text,
  code      text,
  recipient text
);
COMMENT ON TABLE audit_kind IS 'The kinds of entries there are: what entries that are searched alike have in common; append only';
COMMENT ON COLUMN audit_kind.kind IS 'Copy of kind of those entries';
COMMENT ON COLUMN audit_kind.action IS 'Their action';
COMMENT ON COLUMN audit_kind.actor IS 'Their actor';
COMMENT ON COLUMN audit_kind.party IS 'Their party';
COMMENT ON COLUMN audit_kind.protocol IS 'Their protocol';
COMMENT ON COLUMN audit_kind.type IS 'Their type';
COMMENT ON COLUMN audit_kind.decision IS 'Their decision';
COMMENT ON COLUMN audit_kind.code IS 'Their code';
COMMENT ON COLUMN audit_kind.recipient IS 'Their recipient';

CREATE FUNCTION audit_note_kinds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_kind
  SELECT DISTINCT ON (kind) kind, action, actor, party, protocol, type, decision, code, recipient
  FROM added
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION audit_note_kinds() IS 'Notes the kinds of entries that have come';
CREATE TRIGGER kinds AFTER INSERT ON audit_entry REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION audit_note_kinds();

CREATE TABLE audit_tile (
  level  int NOT NULL CHECK (level BETWEEN 0 AND 6),
  n      bigint NOT NULL CHECK (n >= 0),
  hashes bytea NOT NULL CHECK (octet_length(hashes) % 32 = 0 AND octet_length(hashes) BETWEEN 32 AND 8192),
  width  int NOT NULL GENERATED ALWAYS AS (octet_length(hashes) / 32) STORED,
  PRIMARY KEY (level, n)
);
COMMENT ON TABLE audit_tile IS 'Hashes of the Merkle tree in tiles of 256 (C2SP tlog-tiles): append only, and the last tile of a level grows at its end';
COMMENT ON COLUMN audit_tile.level IS '0: leaf hashes; each next level: the roots of the full tiles below';
COMMENT ON COLUMN audit_tile.n IS 'Place of the tile within its level';
COMMENT ON COLUMN audit_tile.hashes IS 'Up to 256 SHA-256 hashes, one after the other';
COMMENT ON COLUMN audit_tile.width IS 'Number of hashes';
-- Hashes do not compress; trying would only cost time.
ALTER TABLE audit_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE audit_checkpoint (
  size     bigint PRIMARY KEY CHECK (size > 0),
  previous bigint NOT NULL UNIQUE CHECK (previous >= 0 AND previous < size),
  root     bytea NOT NULL CHECK (octet_length(root) = 32),
  note     text NOT NULL,
  at       timestamptz NOT NULL
);
COMMENT ON TABLE audit_checkpoint IS 'Signed sizes and roots of the log: append only, at most one for a size';
COMMENT ON COLUMN audit_checkpoint.size IS 'Number of entries it covers';
COMMENT ON COLUMN audit_checkpoint.previous IS 'Size of the checkpoint before it, 0 for the first, so that a missing one shows';
COMMENT ON COLUMN audit_checkpoint.root IS 'RFC 6962 root of those entries';
COMMENT ON COLUMN audit_checkpoint.note IS 'The checkpoint as published (C2SP signed note)';
COMMENT ON COLUMN audit_checkpoint.at IS 'When it was signed, by the clock of the sequencer; not covered by the signature';

CREATE TABLE audit_head (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  size  bigint NOT NULL CHECK (size >= 0),
  root  bytea NOT NULL CHECK (octet_length(root) = 32),
  epoch bigint NOT NULL CHECK (epoch >= 0)
);
COMMENT ON TABLE audit_head IS 'One row: how far the log is and who may go on with it';
COMMENT ON COLUMN audit_head.one IS 'Always true, so that there is one row';
COMMENT ON COLUMN audit_head.size IS 'Number of entries in the log';
COMMENT ON COLUMN audit_head.root IS 'RFC 6962 root of the log';
COMMENT ON COLUMN audit_head.epoch IS 'Number of the leading sequencer; one with a lower number can no longer commit';
INSERT INTO audit_head (size, root, epoch) VALUES (0, sha256(''), 0);

CREATE TABLE audit_disclosure (
  one        boolean PRIMARY KEY DEFAULT true CHECK (one),
  stopped_at timestamptz,
  lost       text
);
COMMENT ON TABLE audit_disclosure IS 'One row: whether persons may be told about, for all processes; no evidence, no disclosure';
COMMENT ON COLUMN audit_disclosure.one IS 'Always true, so that there is one row';
COMMENT ON COLUMN audit_disclosure.stopped_at IS 'Since when nothing is disclosed, by the clock of the database; null while it is';
COMMENT ON COLUMN audit_disclosure.lost IS 'A checkpoint that was published and that the log does not contain: the database is older than what was signed';
INSERT INTO audit_disclosure DEFAULT VALUES;

CREATE TABLE audit_recovery (
  number    int PRIMARY KEY CHECK (number >= 2),
  kept      bigint NOT NULL CHECK (kept >= 0),
  published text NOT NULL,
  at        timestamptz NOT NULL
);
COMMENT ON TABLE audit_recovery IS 'Logs after the first, each begun by a person who accepted an older database or another key: append only';
COMMENT ON COLUMN audit_recovery.number IS 'Number of the log; its origin ends in it';
COMMENT ON COLUMN audit_recovery.kept IS 'Entries of the log before that it begins with: from this size on its own checkpoints follow';
COMMENT ON COLUMN audit_recovery.published IS 'The last checkpoint of the log before that is known to have been published; empty where there was none';
COMMENT ON COLUMN audit_recovery.at IS 'When it was begun';

CREATE TABLE audit_detail (
  entry_id bytea PRIMARY KEY CHECK (octet_length(entry_id) = 16),
  salt     bytea NOT NULL CHECK (octet_length(salt) = 32),
  details  text NOT NULL
);
COMMENT ON TABLE audit_detail IS 'Details of an entry, which itself holds only their salted digest; may be erased';
COMMENT ON COLUMN audit_detail.entry_id IS 'Id of the entry';
COMMENT ON COLUMN audit_detail.salt IS 'Random; the entry holds SHA-256(salt || details)';
COMMENT ON COLUMN audit_detail.details IS 'RFC 8785 canonical JSON';

CREATE TABLE audit_subject (
  entry_id    bytea NOT NULL CHECK (octet_length(entry_id) = 16),
  position    int NOT NULL CHECK (position >= 0),
  subject_tag bytea CHECK (octet_length(subject_tag) = 16),
  salt        bytea CHECK (octet_length(salt) = 32),
  leaf        bytea CHECK (octet_length(leaf) = 32),
  at          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (entry_id, position, at),
  CHECK ((subject_tag IS NULL) = (salt IS NULL) AND (salt IS NULL) = (leaf IS NOT NULL))
) PARTITION BY RANGE (at);
COMMENT ON TABLE audit_subject IS 'The persons of an entry, which itself holds only the Merkle root over their salted commitments; may be erased, and goes by the month when the retention of every agreement is over';
COMMENT ON COLUMN audit_subject.entry_id IS 'Id of the entry';
COMMENT ON COLUMN audit_subject.position IS 'Place of the commitment in that tree, from 0';
COMMENT ON COLUMN audit_subject.subject_tag IS 'The gateway''s own index of the person; empty once the person was erased';
COMMENT ON COLUMN audit_subject.salt IS 'Random; the commitment is SHA-256(salt || subject_tag); destroyed with the person''s erasure';
COMMENT ON COLUMN audit_subject.leaf IS 'Of an erased person: the commitment itself, which says nothing without its salt and keeps those of the others provable';
COMMENT ON COLUMN audit_subject.at IS 'When it was written, by the clock of the database: the month that it goes with when its retention is over';
CREATE INDEX audit_subject_tag ON audit_subject (subject_tag) WHERE subject_tag IS NOT NULL;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION audit_refuse() IS 'Refuses a change to an append-only table';

CREATE FUNCTION audit_tile_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.level, NEW.n) <> (OLD.level, OLD.n)
    OR octet_length(NEW.hashes) <= octet_length(OLD.hashes)
    OR substring(NEW.hashes FOR octet_length(OLD.hashes)) <> OLD.hashes
  THEN
    RAISE EXCEPTION 'a tile only grows at its end' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION audit_tile_grow() IS 'Lets the last tile of a level grow at its end and refuses every other change';

CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit_pending
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_kind
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON audit_tile
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER grow_only BEFORE UPDATE ON audit_tile
  FOR EACH ROW EXECUTE FUNCTION audit_tile_grow();
CREATE TRIGGER one_row BEFORE DELETE OR TRUNCATE ON audit_head
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER one_row BEFORE DELETE OR TRUNCATE ON audit_disclosure
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_recovery
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
-- Also for a session that replicates, which skips ordinary triggers.
ALTER TABLE audit_pending ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER kinds;
ALTER TABLE audit_kind ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit_checkpoint ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit_tile ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit_tile ENABLE ALWAYS TRIGGER grow_only;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER one_row;
ALTER TABLE audit_disclosure ENABLE ALWAYS TRIGGER one_row;
ALTER TABLE audit_recovery ENABLE ALWAYS TRIGGER append_only;

-- The role that a program should have: it may write, but not rewrite evidence. Where roles cannot be
-- made, or the program runs as owner, the triggers alone hold.
DO $$
DECLARE
  own text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'huisbrug_app') THEN
    BEGIN
      CREATE ROLE huisbrug_app NOLOGIN;
    EXCEPTION
      WHEN insufficient_privilege THEN
        RAISE NOTICE 'role huisbrug_app not made: CREATEROLE is missing';
        RETURN;
      -- Another database of the same server made it at the same moment.
      WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  -- So that the program can take this role, and keep to its grants.
  BEGIN
    EXECUTE format('GRANT huisbrug_app TO %I', current_user);
  EXCEPTION
    WHEN insufficient_privilege THEN
      RAISE NOTICE 'role huisbrug_app not granted: it belongs to another';
  END;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO huisbrug_app', current_schema());
  FOR own IN
    SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace
      AND relkind IN ('r', 'p', 'v') AND pg_get_userbyid(relowner) = current_user
  LOOP
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO huisbrug_app', own);
  END LOOP;
  EXECUTE format(
    'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO huisbrug_app',
    current_schema());
  -- The ledger of the migrations, to compare it with the program.
  IF to_regclass('migrations.applied') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA migrations TO huisbrug_app;
    GRANT SELECT ON migrations.applied TO huisbrug_app;
  END IF;
  REVOKE UPDATE ON audit_pending FROM huisbrug_app;
  REVOKE UPDATE, DELETE ON audit_entry, audit_kind, audit_checkpoint, audit_tile, audit_recovery FROM huisbrug_app;
  GRANT UPDATE (hashes) ON audit_tile TO huisbrug_app;
  REVOKE INSERT, DELETE ON audit_head, audit_disclosure FROM huisbrug_app;
END $$;
