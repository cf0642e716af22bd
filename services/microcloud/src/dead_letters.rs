//! placeholder until bus lands.
use crate::{cli::DlqCommand, output::Failure, stack::Target};
pub(crate) async fn run(_target: &Target, _options: DlqCommand) -> Result<(), Failure> {
    Ok(())
}
