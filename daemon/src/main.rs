//! The daemon's program. Everything is in the library, whose processes are private so that the compiler
//! finds a desk that nobody lists.

use std::process::ExitCode;

fn main() -> ExitCode {
    hecate_daemon::run()
}
