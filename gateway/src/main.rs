//! The `licet` command.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// For everything in the process, the store's engine included (docs/decisions/0003-hot-path.md).
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    gateway::cli::main()
}
