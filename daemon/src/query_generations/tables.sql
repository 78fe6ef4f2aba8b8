CREATE TABLE generated_desks(
    desk_id TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    desk_name TEXT NOT NULL,
    department TEXT NOT NULL,
    template TEXT NOT NULL,
    files TEXT NOT NULL,
    generated_by TEXT NOT NULL,
    generated_at INTEGER NOT NULL,
    PRIMARY KEY (desk_id, cycle)
) STRICT;
CREATE INDEX generated_desks_by_division ON generated_desks(division_id, generated_at, desk_id);

CREATE TABLE generated_modules(
    module_id TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    module_name TEXT NOT NULL,
    module_type TEXT NOT NULL,
    desk_id TEXT,
    file_path TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    description TEXT,
    generated_by TEXT NOT NULL,
    generated_at INTEGER NOT NULL,
    PRIMARY KEY (module_id, cycle)
) STRICT;
CREATE INDEX generated_modules_by_division ON generated_modules(division_id, generated_at, module_id);

CREATE TABLE generated_tests(
    test_id TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    division_id TEXT NOT NULL,
    venture_id TEXT NOT NULL,
    test_name TEXT NOT NULL,
    test_type TEXT NOT NULL,
    module_name TEXT NOT NULL,
    file_path TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    description TEXT,
    generated_by TEXT NOT NULL,
    generated_at INTEGER NOT NULL,
    PRIMARY KEY (test_id, cycle)
) STRICT;
CREATE INDEX generated_tests_by_division ON generated_tests(division_id, generated_at, test_id);
