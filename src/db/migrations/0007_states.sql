-- States and the steps between them, enforced here: whoever writes, through whatever code.

CREATE TABLE state_rule (
  subject text NOT NULL CHECK (subject IN ('hand-over', 'interaction', 'feedback')),
  was     text NOT NULL,
  state   text NOT NULL,
  meaning text NOT NULL,
  PRIMARY KEY (subject, was, state)
);
COMMENT ON TABLE state_rule IS 'Every allowed step from state to state; another is refused. A new row starts in a state that follows "new"';
COMMENT ON COLUMN state_rule.subject IS 'Hand-over: hand_over.state; interaction: message.answer_state; feedback: feedback.status';
COMMENT ON COLUMN state_rule.was IS 'State before';
COMMENT ON COLUMN state_rule.state IS 'State after';
COMMENT ON COLUMN state_rule.meaning IS 'What happened';

INSERT INTO state_rule (subject, was, state, meaning) VALUES
  ('hand-over', 'new', 'queued', 'ready to go'),
  ('hand-over', 'new', 'held', 'waits for an objection window, for the number of its period, or while two routes are current'),
  ('hand-over', 'new', 'delivered', 'kept in the gateway''s own register: arrived at once'),
  ('hand-over', 'queued', 'retrying', 'a try failed, another follows'),
  ('hand-over', 'queued', 'delivered', 'the destination took it'),
  ('hand-over', 'queued', 'parked', 'given up for now: refused by the destination'),
  ('hand-over', 'queued', 'held', 'its protocol was suspended'),
  ('hand-over', 'queued', 'withdrawn', 'stopped at a re-check, or its persons ended'),
  ('hand-over', 'queued', 'expired', 'its time was over'),
  ('hand-over', 'retrying', 'delivered', 'the destination took it'),
  ('hand-over', 'retrying', 'parked', 'given up for now: the last try failed'),
  ('hand-over', 'retrying', 'held', 'its protocol was suspended'),
  ('hand-over', 'retrying', 'withdrawn', 'stopped at a re-check, or its persons ended'),
  ('hand-over', 'retrying', 'expired', 'its time was over'),
  ('hand-over', 'held', 'queued', 'what held it is gone'),
  ('hand-over', 'held', 'delivered', 'went out within another, or its answer proved that it had arrived'),
  ('hand-over', 'held', 'withdrawn', 'its protocol ended, or its persons did'),
  ('hand-over', 'held', 'expired', 'its time was over'),
  ('hand-over', 'parked', 'retrying', 'resumed by a person or by its destination'),
  ('hand-over', 'parked', 'delivered', 'taken from the inbox, or proved by its answer'),
  ('hand-over', 'parked', 'withdrawn', 'closed by a person, or its persons ended'),
  ('hand-over', 'parked', 'expired', 'its time was over'),
  ('hand-over', 'expired', 'delivered', 'a try that was under way arrived after all'),
  ('hand-over', 'delivered', 'retrying', 'asked for once more'),
  ('interaction', 'new', 'none', 'no answer is expected'),
  ('interaction', 'new', 'awaiting', 'an answer is expected'),
  ('interaction', 'awaiting', 'answered', 'the answer was accepted'),
  ('interaction', 'awaiting', 'expired', 'no answer came in time'),
  ('interaction', 'awaiting', 'none', 'the request was withdrawn'),
  ('feedback', 'new', 'open', 'told to the party that has the person'),
  ('feedback', 'open', 'taken-up', 'somebody is at it'),
  ('feedback', 'open', 'closed', 'done at once'),
  ('feedback', 'taken-up', 'closed', 'done');

-- Later, an entry of the audit log says how each step came about; this says when, to the row. The triggers below write it
-- out of the row that makes the step: a foreign key would look that row up again, and lock it.
CREATE TABLE transition (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id   text,
  hand_over_id text,
  was          text NOT NULL,
  state        text NOT NULL,
  at           timestamptz NOT NULL,
  code         text
);
COMMENT ON TABLE transition IS 'Every step of a hand-over, and of the interaction of a request, written by the database itself: the time spent in each state';
COMMENT ON COLUMN transition.id IS 'Number, in order of writing';
COMMENT ON COLUMN transition.message_id IS 'The message';
COMMENT ON COLUMN transition.hand_over_id IS 'The hand-over; empty for the interaction of the message';
COMMENT ON COLUMN transition.was IS 'The state before';
COMMENT ON COLUMN transition.state IS 'The state it reached';
COMMENT ON COLUMN transition.at IS 'When, by the clock of the database';
COMMENT ON COLUMN transition.code IS 'Why, where there is a code';
CREATE INDEX transition_message ON transition (message_id, id);
CREATE INDEX transition_hand_over ON transition (hand_over_id, id) WHERE hand_over_id IS NOT NULL;

CREATE FUNCTION refuse_step(subject text, was text, state text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a step of % from % to % is not allowed', $1, $2, $3 USING ERRCODE = 'check_violation';
END $$;
COMMENT ON FUNCTION refuse_step(text, text, text) IS 'Refuses a step that state_rule does not list';

-- The rules are looked up in each of these, not in a function of theirs: that would be a call more for every row.
CREATE FUNCTION hand_over_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := 'new';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.items + NEW.withdrawn <> OLD.items + OLD.withdrawn THEN
      RAISE EXCEPTION 'a hand-over neither gains nor loses items' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = OLD.state THEN RETURN NEW; END IF;
    before := OLD.state;
    INSERT INTO transition (message_id, hand_over_id, was, state, at, code)
    VALUES (NEW.message_id, NEW.id, OLD.state, NEW.state, now(), NEW.reason);
  END IF;
  IF NOT EXISTS (SELECT FROM state_rule r
    WHERE r.subject = 'hand-over' AND r.was = before AND r.state = NEW.state) THEN
    PERFORM refuse_step('hand-over', before, NEW.state);
  END IF;
  NEW.state_since := now();
  RETURN NEW;
END $$;
COMMENT ON FUNCTION hand_over_step() IS 'Lets only listed steps through, notes them, and keeps the number of items';
CREATE TRIGGER step BEFORE INSERT OR UPDATE OF state, items, withdrawn ON hand_over
  FOR EACH ROW EXECUTE FUNCTION hand_over_step();

CREATE FUNCTION interaction_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := 'new';
  reached text := coalesce(NEW.answer_state, 'none');
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.answer_state IS NOT DISTINCT FROM OLD.answer_state THEN RETURN NEW; END IF;
    before := coalesce(OLD.answer_state, 'none');
    INSERT INTO transition (message_id, was, state, at, code)
    VALUES (NEW.id, before, reached, now(), NEW.answer_code);
  END IF;
  IF NOT EXISTS (SELECT FROM state_rule r
    WHERE r.subject = 'interaction' AND r.was = before AND r.state = reached) THEN
    PERFORM refuse_step('interaction', before, reached);
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION interaction_step() IS 'Lets only listed steps of an interaction through, and notes them';
CREATE TRIGGER step BEFORE INSERT OR UPDATE OF answer_state ON message
  FOR EACH ROW EXECUTE FUNCTION interaction_step();

CREATE FUNCTION feedback_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := 'new';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.status = OLD.status THEN RETURN NEW; END IF;
    before := OLD.status;
  END IF;
  IF NOT EXISTS (SELECT FROM state_rule r
    WHERE r.subject = 'feedback' AND r.was = before AND r.state = NEW.status) THEN
    PERFORM refuse_step('feedback', before, NEW.status);
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION feedback_step() IS 'Lets only listed steps of feedback through';
CREATE TRIGGER step BEFORE INSERT OR UPDATE OF status ON feedback
  FOR EACH ROW EXECUTE FUNCTION feedback_step();

CREATE FUNCTION refuse_recount() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what % counts is fixed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION refuse_recount() IS 'Refuses to change what conservation is counted from';
CREATE TRIGGER fixed BEFORE UPDATE OF id, protocol, party_id, type, received_day, digest, accepted,
  refused ON message FOR EACH ROW EXECUTE FUNCTION refuse_recount();
CREATE TRIGGER fixed BEFORE UPDATE OF id, message_id, counted ON hand_over
  FOR EACH ROW EXECUTE FUNCTION refuse_recount();

-- Invariant 4: what changes state without an entry of the audit log in the same transaction is refused
-- when it commits. The setting lives as long as the transaction.
CREATE FUNCTION audit_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('huisbrug.evidence', 'yes', true);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION audit_noted() IS 'Remembers for the rest of the transaction that it holds evidence';
CREATE TRIGGER noted AFTER INSERT ON audit_pending
  FOR EACH STATEMENT EXECUTE FUNCTION audit_noted();
ALTER TABLE audit_pending ENABLE ALWAYS TRIGGER noted;

CREATE FUNCTION require_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('huisbrug.evidence', true) = 'yes' THEN RETURN NULL; END IF;
  RAISE EXCEPTION 'a step of % without an entry of the audit log', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION require_evidence() IS 'Refuses to commit a step without its evidence';
CREATE CONSTRAINT TRIGGER evidence AFTER INSERT ON message DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION require_evidence();
CREATE CONSTRAINT TRIGGER evidence_of_answer AFTER UPDATE OF answer_state ON message
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.answer_state IS DISTINCT FROM OLD.answer_state) EXECUTE FUNCTION require_evidence();
CREATE CONSTRAINT TRIGGER evidence AFTER INSERT ON hand_over DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.counted) EXECUTE FUNCTION require_evidence();
CREATE CONSTRAINT TRIGGER evidence_of_step AFTER UPDATE OF state ON hand_over
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION require_evidence();
CREATE CONSTRAINT TRIGGER evidence_of_step AFTER UPDATE OF status ON feedback
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION require_evidence();

-- Nobody who runs the program changes the rules, or what was noted.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'huisbrug_app') THEN
    REVOKE INSERT, UPDATE, DELETE ON state_rule FROM huisbrug_app;
    REVOKE UPDATE ON transition FROM huisbrug_app;
  END IF;
END $$;
