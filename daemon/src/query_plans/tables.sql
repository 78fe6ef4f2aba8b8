CREATE TABLE planned_desks(
    desk_id TEXT PRIMARY KEY,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    desk_name TEXT NOT NULL,
    department TEXT NOT NULL,
    aggregate_name TEXT,
    priority INTEGER NOT NULL,
    sprint_number INTEGER,
    sprint_order INTEGER,
    description TEXT,
    inboxes TEXT NOT NULL,
    policies TEXT NOT NULL,
    emitters TEXT NOT NULL,
    generated_at INTEGER,
    inventoried_by TEXT NOT NULL,
    inventoried_at INTEGER NOT NULL
) STRICT;
CREATE INDEX planned_desks_by_division ON planned_desks(division_id, inventoried_at, desk_id);

CREATE TABLE planned_dependencies(
    dependency_id TEXT PRIMARY KEY,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    from_desk TEXT NOT NULL,
    to_desk TEXT NOT NULL,
    dependency_type TEXT NOT NULL,
    description TEXT,
    planned_by TEXT NOT NULL,
    planned_at INTEGER NOT NULL
) STRICT;
CREATE INDEX planned_dependencies_by_division ON planned_dependencies(division_id, planned_at, dependency_id);

CREATE TABLE plan_feedback(
    source_event_id TEXT PRIMARY KEY,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    summary TEXT NOT NULL,
    acknowledged_at INTEGER NOT NULL
) STRICT;
CREATE INDEX plan_feedback_by_division ON plan_feedback(division_id, acknowledged_at, source_event_id);
