-- What a venture records of itself, and what follows from all its rows.
CREATE TABLE venture_progress(
    venture_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    phase TEXT NOT NULL DEFAULT 'setup',
    status INTEGER NOT NULL DEFAULT 0,
    status_label TEXT NOT NULL DEFAULT '',
    available_actions TEXT NOT NULL DEFAULT '[]',
    has_brief INTEGER NOT NULL,
    division_count INTEGER NOT NULL DEFAULT 0,
    open_incident_count INTEGER NOT NULL DEFAULT 0,
    blocked_count INTEGER NOT NULL DEFAULT 0,
    last_position INTEGER NOT NULL DEFAULT 0,
    updated_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX live_ventures_by_activity ON venture_progress(last_position) WHERE status & 2 = 0;

-- `found`: the position at which it was first heard of. Callers may mint ids, so two ventures may use the same.
CREATE TABLE division_progress(
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    name TEXT NOT NULL,
    found INTEGER NOT NULL,
    dismissed INTEGER NOT NULL DEFAULT 0,
    phase TEXT NOT NULL DEFAULT 'design',
    current_process TEXT NOT NULL DEFAULT 'design',
    state TEXT NOT NULL DEFAULT 'none',
    health TEXT NOT NULL DEFAULT 'unknown',
    cycle INTEGER NOT NULL DEFAULT 0,
    blocked_count INTEGER NOT NULL DEFAULT 0,
    open_incident_count INTEGER NOT NULL DEFAULT 0,
    last_release TEXT,
    updated_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (venture_id, division_id)
) STRICT, WITHOUT ROWID;
-- How many live divisions of a venture are in which phase, kept as they move: a venture with a thousand divisions
-- costs each event no more than one with three.
CREATE TABLE venture_phases(
    venture_id TEXT NOT NULL,
    phase TEXT NOT NULL,
    divisions INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0,
    incidents INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (venture_id, phase)
) STRICT, WITHOUT ROWID;
CREATE INDEX divisions_by_venture ON division_progress(venture_id, found, division_id);

-- What the batch that is being drawn touched; empty in between.
CREATE TABLE changed(
    venture_id TEXT NOT NULL,
    division_id TEXT NOT NULL,
    position INTEGER,
    at INTEGER,
    moved INTEGER NOT NULL,
    PRIMARY KEY (venture_id, division_id)
) STRICT, WITHOUT ROWID;

-- One row a dossier. An empty `division_id` is the venture's own, an empty `incident_id` no incident's.
CREATE TABLE division_process(
    venture_id TEXT NOT NULL,
    division_id TEXT NOT NULL,
    process TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    state TEXT NOT NULL,
    status INTEGER NOT NULL,
    available_actions TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    since INTEGER NOT NULL,
    actor TEXT,
    reason TEXT,
    PRIMARY KEY (venture_id, division_id, process, incident_id)
) STRICT, WITHOUT ROWID;

-- What each check of a division has seen last, as its health says it.
CREATE TABLE division_checks(
    venture_id TEXT NOT NULL,
    division_id TEXT NOT NULL,
    check_id TEXT NOT NULL,
    health TEXT NOT NULL,
    PRIMARY KEY (venture_id, division_id, check_id)
) STRICT, WITHOUT ROWID;

-- Incidents that nobody has resolved.
CREATE TABLE open_incidents(
    venture_id TEXT NOT NULL,
    division_id TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    PRIMARY KEY (venture_id, division_id, incident_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE venture_timeline(
    position INTEGER PRIMARY KEY,
    venture_id TEXT NOT NULL,
    division_id TEXT,
    process TEXT NOT NULL,
    event_type TEXT NOT NULL,
    summary TEXT NOT NULL,
    actor TEXT,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX timeline_by_venture ON venture_timeline(venture_id, position);
