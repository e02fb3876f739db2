//! The binary: parse the command line, start telemetry, run, set the exit code.

use std::process::ExitCode;

use clap::Parser;
use enroll::cli::{CommandLine, told};
use enroll::telemetry;

fn main() -> ExitCode {
    let run = || -> Result<(), Box<dyn std::error::Error>> {
        let invocation = CommandLine::parse().configure()?;
        telemetry::start(&invocation.log_settings())?;
        Ok(invocation.run()?)
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("enroll: {}", told(&*error));
            ExitCode::FAILURE
        }
    }
}
