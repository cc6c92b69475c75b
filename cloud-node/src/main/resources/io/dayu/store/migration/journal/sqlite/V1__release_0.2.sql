-- Tables of Pekko Persistence JDBC 1.1.1 (Apache License 2.0), which has no script for SQLite: the columns of its other
-- ones. AUTOINCREMENT keeps the place of an event that was deleted from being given out again. There is no event_tag and no
-- durable_state, since nothing tags events or keeps states.
CREATE TABLE "event_journal" (
    "ordering" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "deleted" INTEGER DEFAULT 0 NOT NULL,
    "persistence_id" TEXT NOT NULL,
    "sequence_number" INTEGER NOT NULL,
    "writer" TEXT NOT NULL,
    "write_timestamp" INTEGER NOT NULL,
    "adapter_manifest" TEXT NOT NULL,
    "event_payload" BLOB NOT NULL,
    "event_ser_id" INTEGER NOT NULL,
    "event_ser_manifest" TEXT NOT NULL,
    "meta_payload" BLOB,
    "meta_ser_id" INTEGER,
    "meta_ser_manifest" TEXT,
    UNIQUE ("persistence_id", "sequence_number")
    );

CREATE TABLE "snapshot" (
    "persistence_id" TEXT NOT NULL,
    "sequence_number" INTEGER NOT NULL,
    "created" INTEGER NOT NULL,
    "snapshot_ser_id" INTEGER NOT NULL,
    "snapshot_ser_manifest" TEXT NOT NULL,
    "snapshot_payload" BLOB NOT NULL,
    "meta_ser_id" INTEGER,
    "meta_ser_manifest" TEXT,
    "meta_payload" BLOB,
    PRIMARY KEY ("persistence_id", "sequence_number")
    );
