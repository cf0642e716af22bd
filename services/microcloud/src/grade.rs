//! `microcloud grade`: how good the detectors are, measured against what is known to be true.

use crate::cli::GradeCommand;
use crate::output::Failure;

mod detectors;
mod nab;
mod series;

pub(crate) fn run(command: GradeCommand) -> Result<(), Failure> {
    match command {
        GradeCommand::Detectors(options) => detectors::run(&options),
        GradeCommand::Nab(options) => nab::run(&options),
    }
}
