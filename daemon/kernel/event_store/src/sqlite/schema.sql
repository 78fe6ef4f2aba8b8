-- Format 2. Positions and versions come from the one writer, so they have no gaps and no AUTOINCREMENT.
-- Names that repeat in every event are kept once and referred to by id. Every page carries a checksum of
-- its own (hecate-disk), every event a checksum of its row and a hash that continues its stream.
CREATE TABLE meta (
    store_id BLOB NOT NULL,
    epoch    INTEGER NOT NULL
) STRICT;

CREATE TABLE streams  (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE types    (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE tags     (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
-- Who and where, as JSON: actor, node, realm, visibility.
CREATE TABLE contexts (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE events (
    position        INTEGER PRIMARY KEY,
    stream_id       INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    type_id         INTEGER NOT NULL,
    context_id      INTEGER NOT NULL,
    at_us           INTEGER NOT NULL,
    event_id        BLOB NOT NULL,
    correlation_id  BLOB NOT NULL,
    causation_id    BLOB NOT NULL,
    command_id      BLOB NOT NULL,
    idempotency_key TEXT,
    conversation_id TEXT,
    tag_ids         BLOB NOT NULL, -- 4 bytes each, big endian, in the order of the event
    data            TEXT NOT NULL,
    hash            BLOB NOT NULL, -- SHA-256 of the hash before it in the stream, and of the event
    crc             INTEGER NOT NULL, -- CRC-32 of the event and its hash
    UNIQUE (stream_id, version)
) STRICT;

CREATE TABLE event_tags (
    tag_id   INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tag_id, position)
) STRICT, WITHOUT ROWID;

-- Rows come in order and keys at random, so the key is found through a small index of its hash.
CREATE TABLE receipts (
    key_hash       INTEGER NOT NULL,
    key            TEXT NOT NULL,
    body_hash      BLOB NOT NULL,
    note           TEXT NOT NULL,
    stream         TEXT NOT NULL,
    first_position INTEGER,
    last_position  INTEGER,
    last_version   INTEGER,
    at_us          INTEGER NOT NULL,
    keep_until_us  INTEGER -- NULL: for ever
) STRICT;

CREATE INDEX receipts_by_key ON receipts (key_hash);
CREATE INDEX receipts_by_expiry ON receipts (keep_until_us) WHERE keep_until_us IS NOT NULL;

-- A cache: any row may be missing.
CREATE TABLE snapshots (
    stream_id INTEGER PRIMARY KEY,
    version   INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    code      BLOB NOT NULL, -- SHA-256 of the program that made the state
    state     TEXT NOT NULL
) STRICT;
