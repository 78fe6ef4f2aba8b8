//! The daemon's program. Everything is in the library, whose processes are private so that the compiler
//! finds a desk that nobody lists.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// It keeps things of one size side by side, so that a look at ten thousand actors, which are spread over a hundred
/// and fifty megabytes otherwise, finds them in a few pages.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    hecate_daemon::run()
}
