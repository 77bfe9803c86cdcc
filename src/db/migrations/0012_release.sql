-- Tables of counts that were released under disclosure control, and what later ones are held against.

CREATE TABLE release (
  number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id          text NOT NULL UNIQUE CHECK (id ~ '^rel_[0-9A-HJKMNP-TV-Z]{26}$'),
  protocol    text NOT NULL,
  table_id    text NOT NULL,
  measure     text NOT NULL,
  period      text NOT NULL CHECK (period ~ '^[0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]))?$'),
  within      jsonb NOT NULL,
  recipient   text NOT NULL,
  threshold   int NOT NULL CHECK (threshold >= 1),
  released_at timestamptz NOT NULL
);
COMMENT ON TABLE release IS 'Tables of counts that were released; kept until the retention of the agreement is over, for until then others are held against them';
COMMENT ON COLUMN release.number IS 'Order of the releases: those of one agreement follow one another';
COMMENT ON COLUMN release.id IS 'rel_ and a ULID';
COMMENT ON COLUMN release.protocol IS 'Framework or protocol id';
COMMENT ON COLUMN release.table_id IS 'The declared table';
COMMENT ON COLUMN release.measure IS 'What it counts; tables of one measure are linked';
COMMENT ON COLUMN release.period IS 'Month, quarter or year';
COMMENT ON COLUMN release.within IS 'The part it is about, by dimension; empty where it is about all';
COMMENT ON COLUMN release.recipient IS 'Party, or role, that it went to';
COMMENT ON COLUMN release.threshold IS 'The threshold of the protocol then';
COMMENT ON COLUMN release.released_at IS 'When';
CREATE INDEX release_asked ON release (protocol, measure, table_id, period);

CREATE TABLE release_cell (
  number bigint NOT NULL REFERENCES release ON DELETE CASCADE,
  cell   text NOT NULL,
  value  int,
  PRIMARY KEY (number, cell)
);
COMMENT ON TABLE release_cell IS 'The cells of released tables as they were shown: whoever may see the table may read them';
COMMENT ON COLUMN release_cell.number IS 'The release';
COMMENT ON COLUMN release_cell.cell IS 'A code for each dimension of the measure, in its order, joined by |';
COMMENT ON COLUMN release_cell.value IS 'The number; empty where it is hidden, whatever the reason why';

CREATE TABLE release_leaf (
  protocol text NOT NULL,
  measure  text NOT NULL,
  leaf     text NOT NULL,
  number   bigint NOT NULL REFERENCES release ON DELETE CASCADE,
  count    int NOT NULL CHECK (count >= 0),
  withheld boolean NOT NULL,
  PRIMARY KEY (protocol, measure, leaf, number)
);
COMMENT ON TABLE release_leaf IS 'The true counts behind released tables, for the audit of later ones: read by disclosure control and by nothing else';
COMMENT ON COLUMN release_leaf.protocol IS 'Framework or protocol id';
COMMENT ON COLUMN release_leaf.measure IS 'What is counted';
COMMENT ON COLUMN release_leaf.leaf IS 'A cell at the finest level, as in release_cell';
COMMENT ON COLUMN release_leaf.number IS 'The first release that had it so';
COMMENT ON COLUMN release_leaf.count IS 'The count; where the measure has noise, with that noise';
COMMENT ON COLUMN release_leaf.withheld IS 'Whether it is hidden for a reason of its own, such as a group too small';
CREATE INDEX release_leaf_number ON release_leaf (number);

-- What was released stays as it was released.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'huisbrug_app') THEN
    REVOKE UPDATE ON release, release_cell, release_leaf FROM huisbrug_app;
  END IF;
END $$;
