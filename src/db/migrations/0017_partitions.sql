-- Partitions: the log by place, tries and the persons of entries by month; made ahead and dropped by the functions here, for the role of
-- the program can do neither by itself. They are in a schema of their own, in which that role has no right:
-- what may be done to a table holds for its partitions, for nobody comes at them but through it.

CREATE SCHEMA partitions;

-- A net for what no partition was made for: a clock that jumped, a program that was down for long.
CREATE TABLE partitions.attempt_rest PARTITION OF attempt DEFAULT;
CREATE TABLE partitions.audit_subject_rest PARTITION OF audit_subject DEFAULT;
CREATE TABLE partitions.audit_entry_rest PARTITION OF audit_entry DEFAULT;

-- An id is its prefix and a ULID, whose first ten characters are its time: a range of ids is one of time.
CREATE FUNCTION first_id(prefix text, at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT prefix || '_' || string_agg(
    substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ',
      ((floor(extract(epoch FROM at) * 1000)::bigint >> (5 * place)) & 31)::int + 1, 1), '' ORDER BY place DESC)
  FROM generate_series(0, 9) AS place
$$;
COMMENT ON FUNCTION first_id(text, timestamptz) IS 'What sorts before every id made at or after that time, and after every id made before';

CREATE FUNCTION guard_log_partition(partition text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE UNIQUE INDEX ON partitions.%I (entry_id)', partition);
  EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partitions.%I '
    'FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()', partition);
  EXECUTE format('ALTER TABLE partitions.%I ENABLE ALWAYS TRIGGER append_only', partition);
END $$;
COMMENT ON FUNCTION guard_log_partition(text) IS 'Makes a partition of the log append only by itself too, and finds its entries by id';
SELECT guard_log_partition('audit_entry_rest');

CREATE FUNCTION make_log_partitions(size bigint) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  width CONSTANT bigint := 16777216;
  made int := 0;
  name text;
BEGIN
  FOR n IN 0 .. size / width + 1 LOOP
    name := 'audit_entry_' || n;
    CONTINUE WHEN to_regclass(format('partitions.%I', name)) IS NOT NULL;
    BEGIN
      EXECUTE format('CREATE TABLE partitions.%I PARTITION OF audit_entry FOR VALUES FROM (%s) TO (%s)',
        name, n * width, (n + 1) * width);
      PERFORM guard_log_partition(name);
      made := made + 1;
    EXCEPTION
      -- Entries of that range are in the net already, and as good there; or somebody reads for long: later.
      WHEN check_violation OR lock_not_available OR duplicate_table THEN NULL;
    END;
  END LOOP;
  RETURN made;
END $$;
COMMENT ON FUNCTION make_log_partitions(bigint) IS 'Makes what is missing of the partitions of a log of that many entries, and the next one; says how many';

CREATE FUNCTION make_month_partition(parent text, month timestamp) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  name CONSTANT text := parent || to_char(month, '_YYYY_MM');
  key CONSTANT text := CASE parent WHEN 'attempt' THEN 'id' ELSE 'at' END;
  since text := month AT TIME ZONE 'UTC';
  until text := (month + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
  IF to_regclass(format('partitions.%I', name)) IS NOT NULL THEN RETURN 0; END IF;
  IF key = 'id' THEN
    since := first_id('att', since::timestamptz);
    until := first_id('att', until::timestamptz);
  END IF;
  EXECUTE format('CREATE TABLE partitions.%I (LIKE %I INCLUDING ALL)', name, parent);
  -- What became of a try is written beside it on its page, and no index changes.
  IF parent = 'attempt' THEN EXECUTE format('ALTER TABLE partitions.%I SET (fillfactor = 70)', name); END IF;
  -- What came before its partition leaves the net.
  EXECUTE format('WITH early AS (DELETE FROM partitions.%1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *) '
    'INSERT INTO partitions.%5$I SELECT * FROM early', parent || '_rest', key, since, until, name);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION partitions.%I FOR VALUES FROM (%L) TO (%L)',
    parent, name, since, until);
  RETURN 1;
EXCEPTION
  -- Somebody reads for long, or one more came in the net: in a minute.
  WHEN check_violation OR lock_not_available OR duplicate_table THEN RETURN 0;
END $$;
COMMENT ON FUNCTION make_month_partition(text, timestamp) IS 'Makes the partition of a UTC month, where it is missing; says how many';

CREATE FUNCTION make_partitions() RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '1s' AS $$
DECLARE
  made int := make_log_partitions((SELECT size FROM audit_head));
  month CONSTANT timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
BEGIN
  FOR ahead IN 0 .. 2 LOOP
    made := made + make_month_partition('attempt', month + make_interval(months => ahead))
      + make_month_partition('audit_subject', month + make_interval(months => ahead));
  END LOOP;
  RETURN made;
END $$;
COMMENT ON FUNCTION make_partitions() IS 'Makes the partitions of now and of the times to come that are missing, by the clock of the database; says how many';

CREATE FUNCTION drop_partitions() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '1s' AS $$
DECLARE
  -- The longest of all agreements that ever counted; where there is none, nothing is over.
  routes CONSTANT interval := (SELECT make_interval(days => max((document #>> '{modalities,routeRetentionDays}')::int))
    FROM protocol_version WHERE jsonb_typeof(document #> '{modalities,routeRetentionDays}') = 'number');
  old name;
BEGIN
  FOR old IN
    SELECT c.relname FROM (VALUES ('attempt', interval '90 days'), ('audit_subject', routes)) AS p (parent, kept)
      JOIN pg_inherits i ON i.inhparent = p.parent::regclass JOIN pg_class c ON c.oid = i.inhrelid
    WHERE c.relname ~ '_\d{4}_\d{2}$'
      AND to_date(right(c.relname, 7), 'YYYY_MM')::timestamp + interval '1 month' + p.kept < now() AT TIME ZONE 'UTC'
    ORDER BY 1
  LOOP
    BEGIN
      EXECUTE format('DROP TABLE partitions.%I', old);
      RETURN NEXT old;
    EXCEPTION
      -- Somebody reads for long: nobody who writes waits behind this; the next round tries again.
      WHEN lock_not_available THEN NULL;
    END;
  END LOOP;
  DELETE FROM partitions.attempt_rest WHERE at < now() - interval '90 days';
END $$;
COMMENT ON FUNCTION drop_partitions() IS 'Drops the partitions whose retention is over by the clock of the database, and says which; takes no time and no table from its caller';

CREATE FUNCTION partition_faults() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS $$
  SELECT parent || ': rows that no partition was made for' FROM (VALUES
    ('attempt', EXISTS (SELECT FROM partitions.attempt_rest)),
    ('audit_subject', EXISTS (SELECT FROM partitions.audit_subject_rest)),
    ('audit_entry', EXISTS (SELECT FROM partitions.audit_entry_rest))) AS net (parent, caught)
  WHERE caught
  UNION ALL
  SELECT parent || ': no partition ahead' FROM (VALUES
    ('attempt', to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM')),
    ('audit_subject', to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM')),
    ('audit_entry', (SELECT (size / 16777216 + 1)::text FROM audit_head))) AS due (parent, next)
  WHERE to_regclass('partitions.' || parent || '_' || next) IS NULL
$$;
COMMENT ON FUNCTION partition_faults() IS 'What is amiss with the partitions: the net holds rows, or none is ahead';

-- They run as the owner: with no tables but those they name.
DO $$
DECLARE
  own text;
BEGIN
  FOREACH own IN ARRAY ARRAY['make_partitions()', 'drop_partitions()', 'partition_faults()'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', own, current_schema());
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', own);
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'huisbrug_app') THEN
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO huisbrug_app', own);
    END IF;
  END LOOP;
END $$;
SELECT make_partitions();
