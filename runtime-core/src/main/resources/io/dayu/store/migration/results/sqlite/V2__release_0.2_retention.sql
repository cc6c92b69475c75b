-- pruned: how many results are gone, the first ones. kept_s, kept_most: what the document said last, if anything.
ALTER TABLE dayu_pipelines ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;

ALTER TABLE dayu_pipelines ADD COLUMN kept_s INTEGER;

ALTER TABLE dayu_pipelines ADD COLUMN kept_most INTEGER;

-- Of 4096 numbers which ones were stored (NULL: all), and which of them as failed (NULL: none); blocks > 1: all, none failed.
CREATE TABLE dayu_pruned (
  stream_id INTEGER NOT NULL,
  block INTEGER NOT NULL,
  blocks INTEGER NOT NULL,
  stored BLOB,
  failed BLOB,
  PRIMARY KEY (stream_id, block)) WITHOUT ROWID;

-- How many results of a pipeline there had been at a time.
CREATE TABLE dayu_marks (
  pipeline_id INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  PRIMARY KEY (pipeline_id, at_ms)) WITHOUT ROWID;
