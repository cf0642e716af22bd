//! The data directory: created once, complete or not at all, and never shared by two servers.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use super::{Account, PostgresOptions, SERVER, directory_error};
use crate::StartError;

/// Part of the template's name: raise it when the way it is made changes.
const TEMPLATE_VERSION: u32 = 1;

/// A process id that no kernel gives out: Linux ends at 2^22.
const NOBODY: u32 = 99_999_999;

/// Refuses what could not be created, before anything is created.
pub(super) fn check_options(options: &PostgresOptions) -> Result<(), StartError> {
    let bad = |reason: &str| StartError::BadOption { server: SERVER, reason: reason.to_owned() };
    for name in [&options.dbname, &options.user] {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if name.is_empty() || name.len() > 63 || !plain {
            return Err(bad(&format!(
                "database and user names are 1 to 63 letters, digits or underscores; {name:?} is not"
            )));
        }
    }
    if options.user == "postgres" {
        return Err(bad("the user `postgres` is the superuser; choose another owner for the database"));
    }
    if options.password.is_empty() || options.password.chars().any(char::is_control) {
        return Err(bad("the password must not be empty or contain control characters"));
    }
    Ok(())
}

/// Creates the data directory unless it is there.
pub(super) async fn create(
    bin_dir: &Path,
    account: &Account,
    data: &Path,
    options: &PostgresOptions,
    initdb_args: &[&str],
) -> Result<(), StartError> {
    if data.join("PG_VERSION").exists() {
        account.own(data)?;
        return check_version(bin_dir, data);
    }
    let (bin_dir, account, data) = (bin_dir.to_owned(), account.clone(), data.to_owned());
    let options = options.clone();
    let initdb_args: Vec<String> = initdb_args.iter().map(|&arg| arg.to_owned()).collect();
    blocking(move || create_now(&bin_dir, &account, &data, &options, &initdb_args)).await
}

fn create_now(
    bin_dir: &Path,
    account: &Account,
    data: &Path,
    options: &PostgresOptions,
    initdb_args: &[String],
) -> Result<(), StartError> {
    // Prepared beside its place and then renamed: a data directory is complete or absent.
    let draft = data.with_extension("new");
    if draft.exists() {
        std::fs::remove_dir_all(&draft).map_err(directory_error("remove", &draft))?;
    }
    let password_file = password_file(account, &options.password)?;
    let mut initdb = account.command(&bin_dir.join("initdb"));
    initdb
        .arg("-D")
        .arg(&draft)
        .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"])
        .args(initdb_args)
        .arg(format!("--pwfile={}", password_file.path().display()));
    run("initdb", &mut initdb, "")?;

    let PostgresOptions { dbname, user, password, .. } = options;
    let password = password.replace('\'', "''");
    // Single-user mode takes one statement a line. The owner may create roles (the reader), and is no superuser.
    let sql = format!(
        "create role {user} login createrole password '{password}'\ncreate database {dbname} owner {user}\n"
    );
    let mut single = account.command(&bin_dir.join("postgres"));
    single.args(["--single", "-j", "-D"]);
    single.arg(&draft).args(["-c", "exit_on_error=on", "-c", "log_min_messages=error", "postgres"]);
    run("creating the database", &mut single, &sql.replace('\n', ";\n\n"))?;
    // initdb and single-user mode ran without syncing every file; one sync makes the directory durable.
    run("sync", Command::new("sync").arg("-f").arg(&draft), "")?;
    std::fs::rename(&draft, data).map_err(directory_error("rename into place", data))
}

/// initdb wants the password in a file that its user may read and nobody else.
fn password_file(account: &Account, password: &str) -> Result<tempfile::NamedTempFile, StartError> {
    let mut file =
        tempfile::NamedTempFile::new().map_err(directory_error("create a file in", &std::env::temp_dir()))?;
    writeln!(file, "{password}").map_err(directory_error("write", file.path()))?;
    account.own(file.path())?;
    Ok(file)
}

/// Copies a prepared data directory: 0.2 s instead of the second or two that initdb takes.
pub(super) async fn create_from_template(
    bin_dir: &Path,
    account: &Account,
    data: &Path,
    options: &PostgresOptions,
) -> Result<(), StartError> {
    if data.join("PG_VERSION").exists() {
        return Ok(());
    }
    let plain = PostgresOptions::default();
    if (&options.dbname, &options.user, &options.password) != (&plain.dbname, &plain.user, &plain.password) {
        return create(bin_dir, account, data, options, &["--wal-segsize=1"]).await;
    }
    let (bin_dir, account, data) = (bin_dir.to_owned(), account.clone(), data.to_owned());
    blocking(move || {
        let template = template(&bin_dir, &account)?;
        let mut copy = account.command(Path::new("cp"));
        copy.args(["-a", "--reflink=auto"]).arg(&template).arg(&data);
        run("copying the template", &mut copy, "").map(drop)
    })
    .await
}

/// The prepared data directory, made by the first who needs it while the others wait for the lock.
fn template(bin_dir: &Path, account: &Account) -> Result<PathBuf, StartError> {
    let server = major_version(bin_dir)?;
    let uid = rustix::process::geteuid().as_raw();
    let base = std::env::temp_dir().join(format!("microcloud-pg-template-{TEMPLATE_VERSION}-{server}-{uid}"));
    let data = base.join("data");
    std::fs::create_dir_all(&base).map_err(directory_error("create", &base))?;
    account.own(&base)?;
    let lock_path = base.join("lock");
    let lock = File::create(&lock_path).map_err(directory_error("create", &lock_path))?;
    lock.lock().map_err(directory_error("lock", &lock_path))?;
    if !data.join("PG_VERSION").exists() {
        let segments = ["--wal-segsize=1".to_owned()];
        create_now(bin_dir, account, &data, &PostgresOptions::default(), &segments)?;
    }
    Ok(data)
}

/// A data directory of another major version cannot be opened; say it before the server does in its own words.
fn check_version(bin_dir: &Path, data: &Path) -> Result<(), StartError> {
    let file = data.join("PG_VERSION");
    let of_data = std::fs::read_to_string(&file).map_err(directory_error("read", &file))?;
    let of_server = major_version(bin_dir)?;
    if of_data.trim() == of_server {
        return Ok(());
    }
    Err(StartError::BadOption {
        server: SERVER,
        reason: format!(
            "the data in {} was made by version {}, but version {of_server} is installed; install version {}, upgrade the data with pg_upgrade, or use another home directory",
            data.display(),
            of_data.trim(),
            of_data.trim()
        ),
    })
}

fn major_version(bin_dir: &Path) -> Result<String, StartError> {
    let output = run("asking for the version", Command::new(bin_dir.join("postgres")).arg("--version"), "")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    Ok(number.unwrap_or_default().chars().take_while(char::is_ascii_digit).collect())
}

/// Says who runs on the directory already, if anybody does.
pub(super) fn refuse_second_server(data: &Path) -> Result<(), StartError> {
    match pid_in_file(data) {
        Some(pid) if runs_on(pid, data) => {
            Err(StartError::AlreadyRunning { server: SERVER, path: data.to_owned(), pid })
        }
        _ => Ok(()),
    }
}

/// After a kill -9 the file stays, and its number may by now belong to another process of the same user, which
/// PostgreSQL takes for a running server. Only the number is changed: the rest names the shared memory by which PostgreSQL
/// finds out whether sessions of the killed server are still writing.
pub(super) fn disarm_stale_pid_file(data: &Path) -> Result<(), StartError> {
    refuse_second_server(data)?;
    let file = data.join("postmaster.pid");
    let Some(pid) = pid_in_file(data).filter(|pid| Path::new(&format!("/proc/{pid}")).exists()) else {
        return Ok(());
    };
    tracing::info!(
        pid,
        "the PostgreSQL that wrote its process id is gone, and another process has the number"
    );
    let text = std::fs::read_to_string(&file).map_err(directory_error("read", &file))?;
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    std::fs::write(&file, format!("{NOBODY}\n{rest}")).map_err(directory_error("write", &file))
}

/// Whether our own postmaster says that it takes connections: line 1 is its process id, line 8 its state.
pub(super) fn is_ready(data: &Path, pid: u32) -> bool {
    let Ok(text) = std::fs::read_to_string(data.join("postmaster.pid")) else { return false };
    let mut lines = text.lines();
    let ours = lines.next().and_then(|line| line.trim().parse().ok()) == Some(pid);
    ours && lines.nth(6).is_some_and(|state| state.trim() == "ready")
}

fn pid_in_file(data: &Path) -> Option<u32> {
    std::fs::read_to_string(data.join("postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
}

/// A server works in its data directory; another process with a recycled id does not.
fn runs_on(pid: u32, data: &Path) -> bool {
    std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == data)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StartError> + Send + 'static,
) -> Result<T, StartError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(StartError::SetUp {
            server: SERVER,
            step: "preparing the data directory",
            output: error.to_string(),
        })
    })
}

fn run(step: &'static str, command: &mut Command, input: &str) -> Result<Output, StartError> {
    let failed = |output: String| StartError::SetUp { server: SERVER, step, output };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(format!("{command:?}: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // The inputs are far smaller than a pipe, so this cannot block; a child that ended early tells why below.
        stdin.write_all(input.as_bytes()).ok();
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(output);
    }
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Err(failed(format!("{}: {}", output.status, String::from_utf8_lossy(&text).trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_need_quoting_are_refused() {
        for (user, password) in
            [("micro cloud", "x"), ("a;drop", "x"), ("", "x"), ("postgres", "x"), ("ok", "")]
        {
            let options = PostgresOptions {
                user: user.to_owned(),
                password: password.to_owned(),
                ..PostgresOptions::default()
            };
            assert!(check_options(&options).is_err(), "{user:?} {password:?}");
        }
        assert!(check_options(&PostgresOptions::default()).is_ok());
    }

    #[test]
    fn ready_means_our_own_server_says_so() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("postmaster.pid");
        assert!(!is_ready(data.path(), 7));
        std::fs::write(&file, "7\n/data\n1\n5432\n\n127.0.0.1\n 1 2\nstarting\n").unwrap();
        assert!(!is_ready(data.path(), 7));
        std::fs::write(&file, "7\n/data\n1\n5432\n\n127.0.0.1\n 1 2\nready   \n").unwrap();
        assert!(is_ready(data.path(), 7));
        assert!(!is_ready(data.path(), 8));
    }
}
