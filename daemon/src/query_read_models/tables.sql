CREATE TABLE read_models(
    model TEXT PRIMARY KEY,
    rebuild_requested_at INTEGER NOT NULL,
    rebuild_requested_by TEXT NOT NULL,
    rebuild_reason TEXT,
    rebuild_position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE parked_events(
    model TEXT NOT NULL,
    position INTEGER NOT NULL,
    stream_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    error TEXT NOT NULL,
    tries INTEGER NOT NULL,
    parked_at INTEGER NOT NULL,
    PRIMARY KEY (model, position)
) STRICT, WITHOUT ROWID;
