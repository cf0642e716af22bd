//! `microcloud tail`: placeholder until bus lands.
use crate::{cli::TailOptions, output::Failure, stack::Target};
pub(crate) async fn run(_target: &Target, _options: TailOptions) -> Result<(), Failure> {
    Ok(())
}
