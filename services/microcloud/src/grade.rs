//! `microcloud grade`: how good detectors and previews are, measured against what is known to be true.

use crate::cli::GradeCommand;
use crate::output::Failure;

mod detectors;
mod nab;
mod previews;
mod series;

pub(crate) fn run(command: GradeCommand) -> Result<(), Failure> {
    match command {
        GradeCommand::Detectors(options) => detectors::run(&options),
        GradeCommand::Nab(options) => nab::run(&options),
        GradeCommand::Previews(options) => previews::run(&options),
    }
}
