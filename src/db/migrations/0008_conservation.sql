-- What the gateway says of itself: the balance of each day.

CREATE TABLE balance_day (
  day      date PRIMARY KEY,
  noted_at timestamptz NOT NULL
);
COMMENT ON TABLE balance_day IS 'UTC days of which the balance was noted, once each, with an entry of the audit log per protocol';
COMMENT ON COLUMN balance_day.day IS 'The day of receipt';
COMMENT ON COLUMN balance_day.noted_at IS 'When it was noted: what was pending then may have moved since';

CREATE TABLE daily_balance (
  day       date NOT NULL REFERENCES balance_day,
  protocol  text NOT NULL,
  party_id  text NOT NULL REFERENCES party,
  received  bigint NOT NULL,
  accepted  bigint NOT NULL,
  refused   bigint NOT NULL,
  delivered bigint NOT NULL,
  pending   bigint NOT NULL,
  parked    bigint NOT NULL,
  expired   bigint NOT NULL,
  withdrawn bigint NOT NULL,
  PRIMARY KEY (day, protocol, party_id)
);
COMMENT ON TABLE daily_balance IS 'The items of a day as they stood when it was noted, counted from the rows; evidence, not the balance of now';
COMMENT ON COLUMN daily_balance.day IS 'UTC day of receipt';
COMMENT ON COLUMN daily_balance.protocol IS 'Framework or protocol id; none where it is not known';
COMMENT ON COLUMN daily_balance.party_id IS 'The sender';
COMMENT ON COLUMN daily_balance.received IS 'Items received';
COMMENT ON COLUMN daily_balance.accepted IS 'Of those: accepted';
COMMENT ON COLUMN daily_balance.refused IS 'Of those: refused';
COMMENT ON COLUMN daily_balance.delivered IS 'Accepted and delivered';
COMMENT ON COLUMN daily_balance.pending IS 'Accepted and on their way: queued, retrying or held';
COMMENT ON COLUMN daily_balance.parked IS 'Accepted and waiting for a person';
COMMENT ON COLUMN daily_balance.expired IS 'Accepted and expired';
COMMENT ON COLUMN daily_balance.withdrawn IS 'Accepted and withdrawn';

-- Noted once: nobody who runs the program changes what was noted.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'huisbrug_app') THEN
    REVOKE UPDATE, DELETE ON balance_day, daily_balance FROM huisbrug_app;
  END IF;
END $$;
