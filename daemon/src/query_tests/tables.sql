CREATE TABLE test_suites(
    suite_id TEXT NOT NULL,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    suite_name TEXT NOT NULL,
    run_number INTEGER NOT NULL,
    suite_type TEXT NOT NULL,
    target_module TEXT,
    desk_id TEXT,
    passed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    errored INTEGER NOT NULL DEFAULT 0,
    coverage_pct REAL,
    duration_ms INTEGER,
    run_by TEXT NOT NULL,
    run_at INTEGER NOT NULL,
    concluded_at INTEGER,
    PRIMARY KEY (division_id, suite_id)
) STRICT;
CREATE INDEX test_suites_by_division ON test_suites(division_id, run_at, suite_id);

CREATE TABLE test_results(
    result_id TEXT NOT NULL,
    suite_id TEXT NOT NULL,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    test_name TEXT NOT NULL,
    status TEXT NOT NULL,
    duration_ms INTEGER,
    details TEXT,
    recorded_by TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (division_id, result_id)
) STRICT;
CREATE INDEX test_results_by_division ON test_results(division_id, recorded_at, result_id);
CREATE INDEX test_results_by_suite ON test_results(division_id, suite_id, recorded_at, result_id);
