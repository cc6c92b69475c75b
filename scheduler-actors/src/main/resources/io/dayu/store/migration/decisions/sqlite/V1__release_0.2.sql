CREATE TABLE decisions (
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  pipeline TEXT NOT NULL,
  decided_ms INTEGER NOT NULL,
  body TEXT NOT NULL,
  reason TEXT NOT NULL,
  inputs TEXT NOT NULL,
  PRIMARY KEY (stream, version));

CREATE INDEX decisions_by_pipeline ON decisions (pipeline, decided_ms, version);
