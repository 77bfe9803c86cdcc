-- What is worth waking someone for, and what was sent about it. No evidence, and nothing about a person.

CREATE TABLE attention_notice (
  id            text NOT NULL CHECK (id ~ '^ntc_[0-9A-HJKMNP-TV-Z]{26}$'),
  channel       text NOT NULL CHECK (channel IN ('mail', 'webhook')),
  created_at    timestamptz NOT NULL,
  attempts      int NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  due_at        timestamptz NOT NULL DEFAULT now(),
  claimed_until timestamptz,
  sent_at       timestamptz,
  fault         text,
  PRIMARY KEY (id, channel)
);
COMMENT ON TABLE attention_notice IS 'One mail or call of the webhook: all that was to be told at that moment';
COMMENT ON COLUMN attention_notice.id IS 'ntc_ and a ULID: the same for all channels, in the Message-ID of the mail and the webhook-id of the call';
COMMENT ON COLUMN attention_notice.channel IS 'How it goes';
COMMENT ON COLUMN attention_notice.created_at IS 'When it was put together';
COMMENT ON COLUMN attention_notice.attempts IS 'How often it was tried';
COMMENT ON COLUMN attention_notice.due_at IS 'When it may be tried next';
COMMENT ON COLUMN attention_notice.claimed_until IS 'Until when one worker has it; empty where none does';
COMMENT ON COLUMN attention_notice.sent_at IS 'When it was taken over by the mail server or the receiver; empty until then';
COMMENT ON COLUMN attention_notice.fault IS 'Why the last try failed: a code, nothing that the other side said';
CREATE INDEX attention_notice_open ON attention_notice (due_at) WHERE sent_at IS NULL;

CREATE TABLE attention (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind      text NOT NULL,
  about     text NOT NULL,
  severity  text NOT NULL CHECK (severity IN ('alarm', 'warning')),
  count     int NOT NULL CHECK (count > 0),
  since     timestamptz NOT NULL,
  noted_at  timestamptz NOT NULL,
  ended_at  timestamptz,
  notice_id text,
  told_at   timestamptz,
  CHECK ((notice_id IS NULL) = (told_at IS NULL)),
  UNIQUE (kind, about, since)
);
COMMENT ON TABLE attention IS 'What is worth waking someone for: each that occurs once, and again only when it recurs';
COMMENT ON COLUMN attention.id IS 'In the order in which they were noted';
COMMENT ON COLUMN attention.kind IS 'Which kind, as in docs/attention.md';
COMMENT ON COLUMN attention.about IS 'Party, protocol or witness it is about; empty where it is about the gateway. Never a person';
COMMENT ON COLUMN attention.severity IS 'How grave';
COMMENT ON COLUMN attention.count IS 'How many there are of it';
COMMENT ON COLUMN attention.since IS 'When it began, or when the newest of many came: what is later is told anew';
COMMENT ON COLUMN attention.noted_at IS 'When it was seen';
COMMENT ON COLUMN attention.ended_at IS 'When it was seen to be over; empty while it lasts';
COMMENT ON COLUMN attention.notice_id IS 'The notice that told it; empty while it was not told';
COMMENT ON COLUMN attention.told_at IS 'When that notice was put together';
CREATE UNIQUE INDEX attention_untold ON attention (kind, about) WHERE notice_id IS NULL;
CREATE INDEX attention_lasting ON attention (kind, about) WHERE ended_at IS NULL;
CREATE INDEX attention_notice_of ON attention (notice_id) WHERE notice_id IS NOT NULL;
