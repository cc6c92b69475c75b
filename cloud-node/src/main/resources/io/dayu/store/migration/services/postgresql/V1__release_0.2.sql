CREATE TABLE declared_services (
  name TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  document TEXT);
