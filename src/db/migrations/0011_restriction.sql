-- Persons whose processing is restricted (GDPR art. 18 and 21).

CREATE TABLE restriction (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject_tag bytea NOT NULL CHECK (length(subject_tag) = 16),
  since       timestamptz NOT NULL,
  case_ref    text NOT NULL CHECK (case_ref ~ '^[A-Za-z0-9._/-]{1,64}$'),
  lifted_at   timestamptz,
  lifted_case text CHECK (lifted_case ~ '^[A-Za-z0-9._/-]{1,64}$'),
  CHECK ((lifted_at IS NULL) = (lifted_case IS NULL))
);
COMMENT ON TABLE restriction IS 'Persons about whom nothing may be exchanged, across protocols, parties and key epochs; survives an erasure, for else it would end with it';
COMMENT ON COLUMN restriction.id IS 'Number';
COMMENT ON COLUMN restriction.subject_tag IS 'The person';
COMMENT ON COLUMN restriction.since IS 'Since when';
COMMENT ON COLUMN restriction.case_ref IS 'Case number of the request, which names nobody; why is in the erasable details of its entry';
COMMENT ON COLUMN restriction.lifted_at IS 'Until when; empty while it lasts. Goes with an erasure of the person';
COMMENT ON COLUMN restriction.lifted_case IS 'Case number of the request to lift it';
CREATE UNIQUE INDEX restriction_lasting ON restriction (subject_tag) WHERE lifted_at IS NULL;
