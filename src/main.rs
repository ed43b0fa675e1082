//! The `storygen` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let exit = storygen::cli::run(std::env::args_os());
    ExitCode::from(exit as u8)
}
