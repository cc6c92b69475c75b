CREATE TABLE IF NOT EXISTS decisions (
  stream VARCHAR NOT NULL,
  version BIGINT NOT NULL,
  pipeline VARCHAR NOT NULL,
  decided_ms BIGINT NOT NULL,
  body VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  inputs VARCHAR NOT NULL,
  PRIMARY KEY (stream, version));

CREATE INDEX IF NOT EXISTS decisions_by_pipeline ON decisions (pipeline, decided_ms, version);
