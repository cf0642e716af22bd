//! Who it is that decides and changes things.

use crate::output::Failure;

/// The one named, else the user of this machine.
pub(crate) fn name(named: Option<&str>) -> Result<String, Failure> {
    let user = || std::env::var("USER").ok();
    named.map(ToOwned::to_owned).or_else(user).filter(|name| !name.is_empty()).ok_or_else(|| {
        Failure::Usage("who does it? Say so with --operator NAME, or set MICROCLOUD_OPERATOR".to_owned())
    })
}
