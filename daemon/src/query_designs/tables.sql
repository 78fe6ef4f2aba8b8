CREATE TABLE designed_aggregates(
    aggregate_id TEXT PRIMARY KEY,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    aggregate_name TEXT NOT NULL,
    stream_pattern TEXT NOT NULL,
    status_flags TEXT NOT NULL,
    description TEXT,
    revision INTEGER NOT NULL,
    designed_by TEXT NOT NULL,
    designed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX designed_aggregates_by_division ON designed_aggregates(division_id, designed_at, aggregate_id);

CREATE TABLE designed_events(
    designed_event_id TEXT PRIMARY KEY,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    event_name TEXT NOT NULL,
    aggregate_name TEXT NOT NULL,
    payload_fields TEXT NOT NULL,
    description TEXT,
    revision INTEGER NOT NULL,
    designed_by TEXT NOT NULL,
    designed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX designed_events_by_division ON designed_events(division_id, designed_at, designed_event_id);
