-- Which key-encryption key wraps a secret.

ALTER TABLE wrapped_key ADD COLUMN wrapped_by text;
COMMENT ON COLUMN wrapped_key.wrapped_by IS 'Public name of the key-encryption key that wrapped it; of the row check: the one that wraps from now on. Empty: wrapped before names were kept';
COMMENT ON COLUMN wrapped_key.wrapped IS 'As the key-encryption key gave it (AES-256-GCM: 12-byte nonce, ciphertext, 16-byte tag; or what the key command returned); empty once destroyed';

ALTER TABLE domain ADD COLUMN ready_by text REFERENCES party;
COMMENT ON COLUMN domain.ready_by IS 'The recipient that reported it';

-- A request that was sealed just before its epoch closed: it is refused, and its retry takes the current one.
-- Once a statement, for its foreign keys too: a thousand rows have one domain and one party.
CREATE FUNCTION refuse_closed_domain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM (SELECT DISTINCT domain FROM added) a LEFT JOIN domain d ON d.name = a.domain
    WHERE d.state IS NULL OR d.state = 'closed') THEN
    RAISE EXCEPTION 'the domain is closed' USING ERRCODE = 'check_violation';
  END IF;
  IF EXISTS (SELECT FROM (SELECT DISTINCT party_id FROM added) a LEFT JOIN party p ON p.id = a.party_id
    WHERE p.id IS NULL) THEN
    RAISE EXCEPTION 'the party is not registered' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION refuse_closed_domain() IS 'Refuses a route under a domain whose key was destroyed';
CREATE TRIGGER route_domain_open AFTER INSERT ON route
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_domain();

CREATE TABLE evaluator_use (
  domain text NOT NULL,
  day    date NOT NULL,
  used   bigint NOT NULL CHECK (used >= 0),
  PRIMARY KEY (domain, day)
);
COMMENT ON TABLE evaluator_use IS 'Elements that this key service evaluated; empty where it is none';
COMMENT ON COLUMN evaluator_use.domain IS 'Under which key: a domain, or subject';
COMMENT ON COLUMN evaluator_use.day IS 'UTC day';
COMMENT ON COLUMN evaluator_use.used IS 'Elements';
