//! Which user PostgreSQL runs as, and where that user may keep data.
//!
//! PostgreSQL refuses to run as root, and a root's home directory is closed to others; in containers everything is root.

use std::{
    io,
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{SERVER, directory_error};
use crate::StartError;

/// Users that root may run the server as, best first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// Where data goes when the server's user cannot reach the home directory.
const REACHABLE: &str = "/var/lib/microcloud";

/// Names the data directory when it is not below the home directory.
const LOCATION_FILE: &str = "data-location";

#[derive(Debug, Clone)]
pub(super) enum Account {
    /// The user who runs this process.
    Own,
    /// This process is root; the server runs as somebody else.
    Other { name: &'static str, uid: u32, gid: u32 },
}

impl Account {
    pub(super) fn current() -> Result<Self, StartError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        CANDIDATES
            .into_iter()
            .find_map(|name| ids_of(&users, name).map(|(uid, gid)| Self::Other { name, uid, gid }))
            .ok_or_else(|| StartError::BadOption {
                server: SERVER,
                reason: "it refuses to run as root, and there is no user `postgres`; create one (`useradd --system postgres`) or run this as an ordinary user"
                    .to_owned(),
            })
    }

    pub(super) fn run_as(&self) -> Option<String> {
        match self {
            Self::Own => None,
            Self::Other { name, .. } => Some((*name).to_owned()),
        }
    }

    /// A program run as this account.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = match self {
            Self::Own => Command::new(program),
            Self::Other { name, .. } => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", name, "--regid", name, "--init-groups", "--"]).arg(program);
                command
            }
        };
        command.current_dir("/");
        command
    }

    pub(super) fn temporary_directory(&self) -> Result<TempDir, StartError> {
        let dir = tempfile::Builder::new()
            .prefix("microcloud-pg-")
            .tempdir()
            .map_err(directory_error("create a directory in", &std::env::temp_dir()))?;
        self.own(dir.path())?;
        Ok(dir)
    }

    /// The data directory for a home directory, in a parent that belongs to the account. It need not exist yet.
    pub(super) fn data_directory(&self, home: &Path) -> Result<PathBuf, StartError> {
        let location = home.join(LOCATION_FILE);
        if let Ok(known) = std::fs::read_to_string(&location) {
            let known = PathBuf::from(known.trim());
            if self.may_write(&known) {
                return Ok(known.join("data"));
            }
        }
        if home.join("data").exists() {
            return Ok(home.join("data"));
        }
        self.own(home)?;
        if self.may_write(home) {
            return Ok(home.join("data"));
        }
        std::fs::create_dir_all(REACHABLE).map_err(directory_error("create", Path::new(REACHABLE)))?;
        // A new name for a new home: an old directory's data must not come back in a home that was emptied.
        let elsewhere = tempfile::Builder::new()
            .prefix("pg-")
            .tempdir_in(REACHABLE)
            .map_err(directory_error("create a directory in", Path::new(REACHABLE)))?
            .keep();
        self.own(&elsewhere)?;
        std::fs::write(&location, elsewhere.to_string_lossy().as_bytes())
            .map_err(directory_error("write", &location))?;
        tracing::info!(
            home = %home.display(),
            data = %elsewhere.display(),
            "the home directory is closed to the database's user; its data is kept elsewhere"
        );
        Ok(elsewhere.join("data"))
    }

    /// Gives a directory to the account.
    pub(super) fn own(&self, path: &Path) -> Result<(), StartError> {
        let Self::Other { uid, gid, .. } = self else { return Ok(()) };
        let already = |meta: std::fs::Metadata| meta.uid() == *uid;
        if path.metadata().is_ok_and(already) {
            return Ok(());
        }
        chown(path, Some(*uid), Some(*gid)).map_err(directory_error("give to the database's user", path))
    }

    fn may_write(&self, path: &Path) -> bool {
        let answer: io::Result<_> = self.command(Path::new("test")).arg("-w").arg(path).status();
        answer.is_ok_and(|status| status.success())
    }
}

fn ids_of(passwd: &str, name: &str) -> Option<(u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_read_from_the_password_file() {
        let passwd =
            "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:103:PostgreSQL:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(ids_of(passwd, "postgres"), Some((101, 103)));
        assert_eq!(ids_of(passwd, "nobody"), None);
    }
}
