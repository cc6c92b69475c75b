-- pruned: how many results are gone, the first ones. bytes: of the bodies that are kept. kept_s, kept_most: what the
-- document said last, if anything.
ALTER TABLE dayu_pipelines
  ADD COLUMN pruned BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN kept_s BIGINT,
  ADD COLUMN kept_most BIGINT;

UPDATE dayu_pipelines SET bytes = (
  SELECT COALESCE(SUM(octet_length(body)), 0) FROM dayu_results
  WHERE place > (dayu_pipelines.id::BIGINT << 40) AND place < ((dayu_pipelines.id::BIGINT + 1) << 40));

-- Of 4096 numbers which ones were stored (NULL: all), and which of them as failed (NULL: none); blocks > 1: all, none failed.
CREATE TABLE dayu_pruned (
  stream_id INT NOT NULL,
  block BIGINT NOT NULL,
  blocks BIGINT NOT NULL,
  stored BYTEA,
  failed BYTEA,
  PRIMARY KEY (stream_id, block));

-- How many results of a pipeline there had been at a time.
CREATE TABLE dayu_marks (
  pipeline_id INT NOT NULL,
  at_ms BIGINT NOT NULL,
  stored BIGINT NOT NULL,
  PRIMARY KEY (pipeline_id, at_ms));
