-- What persons ask with their rights (GDPR art. 15 to 22), by case number.

CREATE TABLE subject_request (
  id          text PRIMARY KEY CHECK (id ~ '^req_[0-9A-HJKMNP-TV-Z]{26}$'),
  case_ref    text NOT NULL CHECK (case_ref ~ '^[A-Za-z0-9._/-]{1,64}$'),
  kind        text NOT NULL CHECK (kind IN ('access', 'restriction', 'objection', 'erasure', 'rectification')),
  party_id    text REFERENCES party,
  reason      text NOT NULL CHECK (reason <> ''),
  received_on date NOT NULL,
  due_on      date NOT NULL CHECK (due_on > received_on),
  extended_at timestamptz,
  extension   text CHECK (extension <> ''),
  outcome     text CHECK (outcome IN ('granted', 'partly', 'refused', 'withdrawn')),
  closed_at   timestamptz,
  UNIQUE NULLS NOT DISTINCT (party_id, case_ref),
  CHECK ((extended_at IS NULL) = (extension IS NULL)),
  CHECK ((closed_at IS NULL) = (outcome IS NULL))
);
COMMENT ON TABLE subject_request IS 'Requests of persons about their data, by the case number of who answers them: who the person is, is nowhere in it. Each step is an entry';
COMMENT ON COLUMN subject_request.id IS 'req_ and a ULID; names it in addresses';
COMMENT ON COLUMN subject_request.case_ref IS 'Case number in the register of the privacy officer, which names nobody';
COMMENT ON COLUMN subject_request.kind IS 'Which right: art. 15, 18, 21, 17 or 16';
COMMENT ON COLUMN subject_request.party_id IS 'The party whose privacy officer answers it; empty for that of the gateway';
COMMENT ON COLUMN subject_request.reason IS 'What is asked, in words, never about whom; the reason of what is done for it';
COMMENT ON COLUMN subject_request.received_on IS 'When the person asked';
COMMENT ON COLUMN subject_request.due_on IS 'Last day to answer: one month later, or three where it is extended (art. 12(3))';
COMMENT ON COLUMN subject_request.extended_at IS 'When the term was extended, once';
COMMENT ON COLUMN subject_request.extension IS 'Why, which the person is told';
COMMENT ON COLUMN subject_request.outcome IS 'How it ended; empty while it is open';
COMMENT ON COLUMN subject_request.closed_at IS 'When it was answered';
CREATE INDEX subject_request_open ON subject_request (due_on, id) WHERE closed_at IS NULL;
CREATE INDEX subject_request_closed ON subject_request (closed_at DESC, id) WHERE closed_at IS NOT NULL;
