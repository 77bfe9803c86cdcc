-- Witnesses: what they cosigned of this log, what is published of it, and what this gateway cosigned of
-- the logs of others; and the time that an authority put on a checkpoint.

CREATE TABLE audit_cosignature (
  size      bigint NOT NULL,
  witness   text NOT NULL,
  line      text NOT NULL,
  signed_at timestamptz NOT NULL,
  at        timestamptz NOT NULL,
  PRIMARY KEY (size, witness)
);
COMMENT ON TABLE audit_cosignature IS 'What witnesses cosigned of this log: append only';
COMMENT ON COLUMN audit_cosignature.size IS 'The checkpoint that is cosigned';
COMMENT ON COLUMN audit_cosignature.witness IS 'Name of the witness''s key';
COMMENT ON COLUMN audit_cosignature.line IS 'Signature line of the note, with its newline (C2SP tlog-cosignature)';
COMMENT ON COLUMN audit_cosignature.signed_at IS 'Time in the cosignature, by the clock of the witness';
COMMENT ON COLUMN audit_cosignature.at IS 'When it was taken in';
CREATE INDEX audit_cosignature_witness ON audit_cosignature (witness, size);

CREATE TABLE audit_published (
  size     bigint NOT NULL,
  cosigned int NOT NULL CHECK (cosigned >= 0),
  note     text NOT NULL,
  at       timestamptz NOT NULL,
  PRIMARY KEY (size, cosigned)
);
COMMENT ON TABLE audit_published IS 'Checkpoints that were published while witnesses are asked: append only; one may come again with more cosignatures';
COMMENT ON COLUMN audit_published.size IS 'The checkpoint';
COMMENT ON COLUMN audit_published.cosigned IS 'Number of cosignatures in the note';
COMMENT ON COLUMN audit_published.note IS 'The signed note with the lines of the witnesses';
COMMENT ON COLUMN audit_published.at IS 'When it was published';

CREATE TABLE audit_publishing (
  one               boolean PRIMARY KEY DEFAULT true CHECK (one),
  waits             boolean NOT NULL DEFAULT false,
  required          int NOT NULL DEFAULT 0 CHECK (required >= 0),
  missing_since     timestamptz,
  stamps            boolean NOT NULL DEFAULT false,
  stamp_fault       text,
  stamp_fault_since timestamptz
);
COMMENT ON TABLE audit_publishing IS 'One row: how checkpoints are published';
COMMENT ON COLUMN audit_publishing.one IS 'Always true, so that there is one row';
COMMENT ON COLUMN audit_publishing.waits IS 'Whether witnesses are asked first: then what is in audit_published is published, else the newest checkpoint';
COMMENT ON COLUMN audit_publishing.required IS 'Cosignatures that a checkpoint should have';
COMMENT ON COLUMN audit_publishing.missing_since IS 'Since when there are fewer, null where there are enough';
COMMENT ON COLUMN audit_publishing.stamps IS 'Whether an authority puts a time on a checkpoint each day';
COMMENT ON COLUMN audit_publishing.stamp_fault IS 'Why the last try to get one failed, null where it did not';
COMMENT ON COLUMN audit_publishing.stamp_fault_since IS 'Since when it fails';
INSERT INTO audit_publishing DEFAULT VALUES;

CREATE TABLE audit_witness (
  name          text PRIMARY KEY,
  asked         boolean NOT NULL,
  size          bigint CHECK (size >= 0),
  cosigned_at   timestamptz,
  fault         text,
  failing_since timestamptz,
  alarm         text,
  alarm_at      timestamptz
);
COMMENT ON TABLE audit_witness IS 'How it goes with each witness of this log';
COMMENT ON COLUMN audit_witness.name IS 'Name of the witness''s key';
COMMENT ON COLUMN audit_witness.asked IS 'Whether it is among the witnesses that are asked now';
COMMENT ON COLUMN audit_witness.size IS 'Last checkpoint that it cosigned';
COMMENT ON COLUMN audit_witness.cosigned_at IS 'When that was, by the clock of this gateway';
COMMENT ON COLUMN audit_witness.fault IS 'Why it gave no cosignature the last time, null where it did';
COMMENT ON COLUMN audit_witness.failing_since IS 'Since when it gives none';
COMMENT ON COLUMN audit_witness.alarm IS 'What it said that only another history of this log explains; stays until it cosigns again';
COMMENT ON COLUMN audit_witness.alarm_at IS 'When it said so first';

CREATE TABLE audit_timestamp (
  day       date PRIMARY KEY,
  size      bigint NOT NULL,
  note      text NOT NULL,
  token     bytea NOT NULL,
  stamped_at timestamptz NOT NULL,
  authority text NOT NULL,
  chain     boolean NOT NULL
);
COMMENT ON TABLE audit_timestamp IS 'RFC 3161 timestamps of published checkpoints, one a UTC day: append only';
COMMENT ON COLUMN audit_timestamp.day IS 'UTC day on which it was asked for';
COMMENT ON COLUMN audit_timestamp.size IS 'The checkpoint';
COMMENT ON COLUMN audit_timestamp.note IS 'The note whose SHA-256 is stamped';
COMMENT ON COLUMN audit_timestamp.token IS 'TimeStampToken, DER';
COMMENT ON COLUMN audit_timestamp.stamped_at IS 'Time in the token';
COMMENT ON COLUMN audit_timestamp.authority IS 'Subject of the certificate that signed it';
COMMENT ON COLUMN audit_timestamp.chain IS 'Whether that certificate was checked up to a trusted one';

CREATE TABLE witness_state (
  origin text PRIMARY KEY,
  size   bigint NOT NULL CHECK (size >= 0),
  root   bytea NOT NULL CHECK (octet_length(root) = 32),
  note   text,
  at     timestamptz NOT NULL
);
COMMENT ON TABLE witness_state IS 'The newest checkpoint that this gateway cosigned of each log of others: locked while one is judged, so that it never cosigns two that contradict each other';
COMMENT ON COLUMN witness_state.origin IS 'The log';
COMMENT ON COLUMN witness_state.size IS 'Its number of entries, 0 before the first';
COMMENT ON COLUMN witness_state.root IS 'RFC 6962 root of these';
COMMENT ON COLUMN witness_state.note IS 'The checkpoint as the log signed it, null before the first';
COMMENT ON COLUMN witness_state.at IS 'When it was cosigned';

CREATE FUNCTION witness_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.origin <> OLD.origin OR NEW.size < OLD.size
    OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
  THEN
    RAISE EXCEPTION 'what was cosigned only grows' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION witness_only_grows() IS 'Refuses to forget what was cosigned of a log';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_published
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_timestamp
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER one_row BEFORE DELETE OR TRUNCATE ON audit_publishing
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON witness_state
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER grow_only BEFORE UPDATE ON witness_state
  FOR EACH ROW EXECUTE FUNCTION witness_only_grows();
ALTER TABLE audit_cosignature ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit_published ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit_timestamp ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit_publishing ENABLE ALWAYS TRIGGER one_row;
ALTER TABLE witness_state ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE witness_state ENABLE ALWAYS TRIGGER grow_only;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'huisbrug_app') THEN
    REVOKE UPDATE, DELETE ON audit_cosignature, audit_published, audit_timestamp FROM huisbrug_app;
    REVOKE INSERT, DELETE ON audit_publishing FROM huisbrug_app;
    REVOKE DELETE ON witness_state FROM huisbrug_app;
  END IF;
END $$;
