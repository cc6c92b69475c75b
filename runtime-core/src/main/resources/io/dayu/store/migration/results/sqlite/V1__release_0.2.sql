-- A place says where a row lies, so results are appended; bodies lie in the row.
CREATE TABLE dayu_pipelines (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  stored INTEGER NOT NULL);

CREATE TABLE dayu_streams (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  pipeline_id INTEGER NOT NULL REFERENCES dayu_pipelines(id),
  highest INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  failed INTEGER NOT NULL);

CREATE TABLE dayu_results (
  place INTEGER PRIMARY KEY,
  stream_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  status INTEGER NOT NULL,
  frame_kept INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (stream_id, seq));

CREATE TABLE dayu_frames (
  stream_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (stream_id, seq));
