CREATE TABLE declared_services (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  document TEXT);
