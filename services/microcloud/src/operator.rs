//! Who it is that decides and changes things.

use crate::output::Failure;

/// The one named, else the user of this machine.
pub(crate) fn name(named: Option<&str>) -> Result<String, Failure> {
    let given = |name: &String| !name.is_empty();
    // Containers and services often have an account without `USER`.
    let user = || std::env::var("USER").ok().filter(given).or_else(|| whoami::username().ok());
    named.map(ToOwned::to_owned).or_else(user).filter(given).ok_or_else(|| {
        Failure::Usage("who does it? Say so with --operator NAME, or set MICROCLOUD_OPERATOR".to_owned())
    })
}
