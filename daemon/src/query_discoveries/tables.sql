-- Ids come from callers, so two ventures may use one; nobody else's event may stop a row from being drawn.
CREATE TABLE discovered_divisions(
    division_id TEXT NOT NULL,
    division_name TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    venture_name TEXT NOT NULL,
    description TEXT,
    rationale TEXT,
    discovered_by TEXT NOT NULL,
    discovered_at INTEGER NOT NULL,
    dismissed_at INTEGER,
    dismiss_reason TEXT,
    PRIMARY KEY (division_id, venture_id)
) STRICT;
CREATE INDEX discovered_divisions_by_venture ON discovered_divisions(venture_id, discovered_at, division_id);
