CREATE TABLE health_checks(
    check_id TEXT PRIMARY KEY,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    check_name TEXT NOT NULL,
    check_type TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    interval_ms INTEGER NOT NULL,
    timeout_ms INTEGER NOT NULL,
    unhealthy_after INTEGER NOT NULL,
    expected_status INTEGER NOT NULL,
    last_status TEXT NOT NULL,
    last_latency_ms INTEGER,
    last_checked_at INTEGER,
    consecutive INTEGER NOT NULL,
    registered_at INTEGER NOT NULL,
    deregistered_at INTEGER
) STRICT;
CREATE INDEX health_checks_by_division ON health_checks(division_id, registered_at, check_id);

CREATE TABLE health_samples(
    check_id TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    status TEXT NOT NULL,
    latency_ms INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    PRIMARY KEY (check_id, recorded_at)
) STRICT;
CREATE INDEX health_samples_by_division ON health_samples(division_id, recorded_at, check_id);
CREATE INDEX health_samples_by_age ON health_samples(recorded_at);

CREATE TABLE sla_thresholds(
    division_id TEXT NOT NULL,
    signal TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    threshold REAL NOT NULL,
    window_s INTEGER NOT NULL,
    severity TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (division_id, signal)
) STRICT;

CREATE TABLE incidents(
    incident_id TEXT NOT NULL,
    division_id TEXT NOT NULL,
    division_name TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    incident_title TEXT NOT NULL,
    severity TEXT NOT NULL,
    description TEXT,
    check_id TEXT,
    signal TEXT,
    release_id TEXT,
    state TEXT NOT NULL,
    outcome TEXT,
    resolution TEXT,
    raised_by TEXT NOT NULL,
    raised_at INTEGER NOT NULL,
    resolved_at INTEGER,
    PRIMARY KEY (division_id, incident_id)
) STRICT;
CREATE INDEX incidents_by_division ON incidents(division_id, raised_at, incident_id);
CREATE INDEX incidents_by_time ON incidents(raised_at, incident_id);
