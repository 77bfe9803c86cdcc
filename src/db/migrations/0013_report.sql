-- What housing companies report of their own work: counts, and nothing of a person.

CREATE TABLE annex_1 (
  message_id     text PRIMARY KEY REFERENCES message,
  party_id       text NOT NULL REFERENCES party,
  reference_date date NOT NULL,
  counts         jsonb NOT NULL,
  reported_at    timestamptz NOT NULL,
  replaced_by    text REFERENCES message,
  CHECK (replaced_by <> message_id)
);
COMMENT ON TABLE annex_1 IS 'Annex 1 of the call, as housing companies reported it; what a newer report of the same day replaced is kept';
COMMENT ON COLUMN annex_1.message_id IS 'The message that reported it';
COMMENT ON COLUMN annex_1.party_id IS 'The housing company';
COMMENT ON COLUMN annex_1.reference_date IS 'The day on which was counted';
COMMENT ON COLUMN annex_1.counts IS 'The counts in the form of schemas/annex-1.json, without nonce and reference date';
COMMENT ON COLUMN annex_1.reported_at IS 'When it was received';
COMMENT ON COLUMN annex_1.replaced_by IS 'The newer report of that company and day; empty where this one counts';
CREATE UNIQUE INDEX annex_1_current ON annex_1 (party_id, reference_date) WHERE replaced_by IS NULL;
CREATE INDEX annex_1_reported ON annex_1 (party_id, message_id);

-- What was reported stays as it was reported: nobody who runs the program changes the counts.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'huisbrug_app') THEN
    REVOKE UPDATE, DELETE ON annex_1 FROM huisbrug_app;
    GRANT UPDATE (replaced_by) ON annex_1 TO huisbrug_app;
  END IF;
END $$;
