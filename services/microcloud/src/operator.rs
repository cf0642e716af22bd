//! Who it is that decides and changes things.

use crate::output::Failure;

/// The one named, else `USER`, else the account: containers often set no `USER`.
pub(crate) fn name(named: Option<&str>) -> Result<String, Failure> {
    let given = |name: &String| !name.is_empty();
    let user = || std::env::var("USER").ok().filter(given).or_else(|| whoami::username().ok());
    named.map(ToOwned::to_owned).or_else(user).filter(given).ok_or_else(|| {
        Failure::Usage("who does it? Say so with --operator NAME, or set MICROCLOUD_OPERATOR".to_owned())
    })
}
