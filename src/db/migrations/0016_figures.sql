-- Figures by day for the overview: counts of what the rows say, so that no page counts a year of rows.
-- No evidence: a day is counted again while something of it still moves.

CREATE TABLE figure_day (
  day        date PRIMARY KEY,
  counted_at timestamptz NOT NULL,
  moving     bigint NOT NULL CHECK (moving >= 0)
);
COMMENT ON TABLE figure_day IS 'UTC days of receipt of which the figures were counted';
COMMENT ON COLUMN figure_day.day IS 'The day';
COMMENT ON COLUMN figure_day.counted_at IS 'When they were last counted';
COMMENT ON COLUMN figure_day.moving IS 'Items of that day that were pending or parked then: while there are any, the day is counted again';

CREATE TABLE figure_outcome (
  day              date NOT NULL REFERENCES figure_day ON DELETE CASCADE,
  protocol         text NOT NULL,
  party_id         text NOT NULL REFERENCES party,
  messages         bigint NOT NULL,
  refused_messages bigint NOT NULL,
  refused          bigint NOT NULL,
  delivered        bigint NOT NULL,
  pending          bigint NOT NULL,
  parked           bigint NOT NULL,
  expired          bigint NOT NULL,
  withdrawn        bigint NOT NULL,
  PRIMARY KEY (day, protocol, party_id)
);
COMMENT ON TABLE figure_outcome IS 'What became of what was received on a day';
COMMENT ON COLUMN figure_outcome.day IS 'UTC day of receipt';
COMMENT ON COLUMN figure_outcome.protocol IS 'Framework or protocol id; none where it is not known';
COMMENT ON COLUMN figure_outcome.party_id IS 'The sender';
COMMENT ON COLUMN figure_outcome.messages IS 'Messages received';
COMMENT ON COLUMN figure_outcome.refused_messages IS 'Of those: refused as a whole';
COMMENT ON COLUMN figure_outcome.refused IS 'Items refused';
COMMENT ON COLUMN figure_outcome.delivered IS 'Items delivered';
COMMENT ON COLUMN figure_outcome.pending IS 'Items on their way: queued, retrying or held';
COMMENT ON COLUMN figure_outcome.parked IS 'Items that wait for a person';
COMMENT ON COLUMN figure_outcome.expired IS 'Items expired';
COMMENT ON COLUMN figure_outcome.withdrawn IS 'Items withdrawn';

CREATE TABLE figure_refusal (
  day      date NOT NULL REFERENCES figure_day ON DELETE CASCADE,
  protocol text NOT NULL,
  party_id text NOT NULL REFERENCES party,
  code     text NOT NULL,
  messages bigint NOT NULL,
  items    bigint NOT NULL,
  PRIMARY KEY (day, protocol, party_id, code)
);
COMMENT ON TABLE figure_refusal IS 'Why something was refused on a day';
COMMENT ON COLUMN figure_refusal.day IS 'UTC day of receipt';
COMMENT ON COLUMN figure_refusal.protocol IS 'Framework or protocol id; none where it is not known';
COMMENT ON COLUMN figure_refusal.party_id IS 'The sender';
COMMENT ON COLUMN figure_refusal.code IS 'Code of the first refusal of the message';
COMMENT ON COLUMN figure_refusal.messages IS 'Messages of which something was refused';
COMMENT ON COLUMN figure_refusal.items IS 'Items refused';

CREATE TABLE figure_latency (
  day       date NOT NULL REFERENCES figure_day ON DELETE CASCADE,
  protocol  text NOT NULL,
  party_id  text NOT NULL REFERENCES party,
  recipient text NOT NULL REFERENCES party,
  seconds10 bigint NOT NULL,
  minute    bigint NOT NULL,
  hour      bigint NOT NULL,
  day1      bigint NOT NULL,
  longer    bigint NOT NULL,
  PRIMARY KEY (day, protocol, party_id, recipient)
);
COMMENT ON TABLE figure_latency IS 'How long hand-overs of what was received on a day took to be delivered, those that had to wait by agreement left out';
COMMENT ON COLUMN figure_latency.day IS 'UTC day of receipt';
COMMENT ON COLUMN figure_latency.protocol IS 'Framework or protocol id; none where it is not known';
COMMENT ON COLUMN figure_latency.party_id IS 'The sender';
COMMENT ON COLUMN figure_latency.recipient IS 'The destination';
COMMENT ON COLUMN figure_latency.seconds10 IS 'Hand-overs delivered within 10 seconds of receipt';
COMMENT ON COLUMN figure_latency.minute IS 'Later, but within a minute';
COMMENT ON COLUMN figure_latency.hour IS 'Later, but within an hour';
COMMENT ON COLUMN figure_latency.day1 IS 'Later, but within a day';
COMMENT ON COLUMN figure_latency.longer IS 'Later than that';

-- Closing comes one by one and its day is told by who closes, also afterwards: counted as it happens.
CREATE TABLE figure_closing (
  day      date NOT NULL,
  protocol text NOT NULL,
  party_id text NOT NULL REFERENCES party,
  days     int NOT NULL CHECK (days >= 0),
  closed   bigint NOT NULL,
  PRIMARY KEY (day, protocol, party_id, days)
);
COMMENT ON TABLE figure_closing IS 'Feedback closed on a day, by how many days it took';
COMMENT ON COLUMN figure_closing.day IS 'Day on which it was closed, as its receiver says';
COMMENT ON COLUMN figure_closing.protocol IS 'The agreement';
COMMENT ON COLUMN figure_closing.party_id IS 'The receiver that closed it';
COMMENT ON COLUMN figure_closing.days IS 'Days since the feedback came in; at most 400';
COMMENT ON COLUMN figure_closing.closed IS 'Number of feedback';

CREATE TABLE figure_effect (
  month       text NOT NULL CHECK (month ~ '^[0-9]{4}-[0-9]{2}$'),
  protocol    text NOT NULL,
  party_id    text NOT NULL REFERENCES party,
  found_again bigint NOT NULL,
  PRIMARY KEY (month, protocol, party_id)
);
COMMENT ON TABLE figure_effect IS 'Of how many tenants about whom there was feedback the recipient found a later request: counted when the answer comes, for results are erased once they are told';
COMMENT ON COLUMN figure_effect.month IS 'Month of the feedback; found in the request of the month after it, so that each tenant counts at most once';
COMMENT ON COLUMN figure_effect.protocol IS 'The agreement';
COMMENT ON COLUMN figure_effect.party_id IS 'The party that had the feedback';
COMMENT ON COLUMN figure_effect.found_again IS 'Number of tenants';

CREATE FUNCTION figure_count_closing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO figure_closing AS f (day, protocol, party_id, days, closed)
  SELECT coalesce(n.closed_on, current_date), n.protocol, n.receiver_id,
    least(400, greatest(0, coalesce(n.closed_on, current_date) - (n.created_at AT TIME ZONE 'UTC')::date)), count(*)
  FROM now_closed n JOIN before b ON b.id = n.id
  WHERE n.status = 'closed' AND b.status <> 'closed' AND n.receiver_id IS NOT NULL
  GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  ON CONFLICT (day, protocol, party_id, days) DO UPDATE SET closed = f.closed + excluded.closed;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION figure_count_closing() IS 'Counts feedback that was closed';
CREATE TRIGGER figures AFTER UPDATE ON feedback
  REFERENCING OLD TABLE AS before NEW TABLE AS now_closed
  FOR EACH STATEMENT EXECUTE FUNCTION figure_count_closing();

CREATE FUNCTION figure_count_found() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO figure_effect AS e (month, protocol, party_id, found_again)
  SELECT to_char(f.created_at AT TIME ZONE 'UTC', 'YYYY-MM'), f.protocol, f.receiver_id, count(DISTINCT f.tag)
  FROM added a JOIN message answer ON answer.id = a.message_id
    JOIN message request ON request.id = answer.in_reply_to
    JOIN feedback f ON f.domain = a.domain AND f.tag = a.tag AND f.receiver_id = request.party_id
      AND to_char(f.created_at AT TIME ZONE 'UTC' + interval '1 month', 'YYYY-MM') = request.period
  WHERE a.found
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (month, protocol, party_id) DO UPDATE SET found_again = e.found_again + excluded.found_again;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION figure_count_found() IS 'Counts the tenants about whom there was feedback in the month before and who are found now';
CREATE TRIGGER figures AFTER INSERT ON detection_result
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION figure_count_found();

CREATE TABLE figure_reported (
  day      date NOT NULL REFERENCES figure_day ON DELETE CASCADE,
  month    text NOT NULL CHECK (month ~ '^[0-9]{4}-[0-9]{2}$'),
  protocol text NOT NULL,
  party_id text NOT NULL REFERENCES party,
  told     bigint NOT NULL,
  again    bigint NOT NULL,
  PRIMARY KEY (day, month, protocol, party_id)
);
COMMENT ON TABLE figure_reported IS 'About how many tenants there was feedback on a day, and about how many of them there had been in a month before';
COMMENT ON COLUMN figure_reported.day IS 'UTC day of receipt of the feedback';
COMMENT ON COLUMN figure_reported.month IS 'Month that is counted in: of that day, or of the feedback before';
COMMENT ON COLUMN figure_reported.protocol IS 'The agreement';
COMMENT ON COLUMN figure_reported.party_id IS 'The receiver';
COMMENT ON COLUMN figure_reported.told IS 'Tenants, where this is the first feedback about them in the month';
COMMENT ON COLUMN figure_reported.again IS 'Tenants of the month about whom there was feedback again on that day, the first time after that month';
