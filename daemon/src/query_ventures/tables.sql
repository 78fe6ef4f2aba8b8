CREATE TABLE ventures(
    venture_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    brief TEXT,
    repos TEXT NOT NULL,
    skills TEXT NOT NULL,
    context_map TEXT NOT NULL,
    visibility TEXT NOT NULL,
    revision INTEGER NOT NULL,
    status INTEGER NOT NULL,
    status_label TEXT NOT NULL,
    available_actions TEXT NOT NULL,
    setup_at INTEGER NOT NULL,
    setup_by TEXT NOT NULL,
    vision_submitted_at INTEGER,
    archived_at INTEGER,
    version INTEGER NOT NULL,
    last_event_id TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ventures_by_status ON ventures(status);
CREATE INDEX ventures_by_name ON ventures(name);
CREATE INDEX ventures_by_setup ON ventures(setup_at, venture_id);
CREATE INDEX ventures_by_update ON ventures(updated_at, venture_id);

CREATE TABLE vision_revisions(
    venture_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    brief TEXT,
    repos TEXT NOT NULL,
    skills TEXT NOT NULL,
    context_map TEXT NOT NULL,
    refined_by TEXT NOT NULL,
    refined_at INTEGER NOT NULL,
    PRIMARY KEY (venture_id, revision)
) STRICT, WITHOUT ROWID;
