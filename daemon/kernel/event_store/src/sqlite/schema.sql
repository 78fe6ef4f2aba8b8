-- Format 1. Positions and versions come from the one writer, so they have no gaps and no AUTOINCREMENT.
-- Names that repeat in every event are kept once and referred to by id.
CREATE TABLE meta (
    store_id BLOB NOT NULL,
    epoch    INTEGER NOT NULL
) STRICT;

CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE types   (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE tags    (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE events (
    position  INTEGER PRIMARY KEY,
    stream_id INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    type_id   INTEGER NOT NULL,
    at_us     INTEGER NOT NULL,
    event_id  BLOB NOT NULL,
    tag_ids   BLOB NOT NULL, -- 4 bytes each, big endian, in the order of the event
    metadata  TEXT NOT NULL,
    data      TEXT NOT NULL,
    UNIQUE (stream_id, version)
) STRICT;

CREATE TABLE event_tags (
    tag_id   INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tag_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    key            TEXT PRIMARY KEY,
    body_hash      BLOB NOT NULL,
    note           TEXT NOT NULL,
    stream         TEXT NOT NULL,
    first_position INTEGER,
    last_position  INTEGER,
    last_version   INTEGER,
    at_us          INTEGER NOT NULL,
    keep_until_us  INTEGER -- NULL: for ever
) STRICT, WITHOUT ROWID;

CREATE INDEX receipts_by_expiry ON receipts (keep_until_us) WHERE keep_until_us IS NOT NULL;
