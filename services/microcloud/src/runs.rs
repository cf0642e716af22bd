//! `microcloud run` and `microcloud replay`: runs computed here, as fast as the machine can, with no server.

use std::path::Path;
use std::time::Duration;

use sim::recording::{EXTENSION, MAX_TICKS, Recording};
use sim::{TICK_MS, Workers};

use crate::output::Failure;

pub(crate) mod branch;
pub(crate) mod replay;
pub(crate) mod run;
mod story;

/// Largest file that is read: a recording of a year of a large cloud is smaller.
const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;

/// Ticks in some simulated time; the last one may end after it.
pub(crate) fn ticks(option: &str, time: Duration) -> Result<u64, Failure> {
    let ticks = time.as_millis().div_ceil(u128::from(TICK_MS));
    u64::try_from(ticks).ok().filter(|ticks| (1..=MAX_TICKS).contains(ticks)).ok_or_else(|| {
        Failure::Usage(format!(
            "{option} is {}: write a time from 50ms to a year",
            humantime::format_duration(time)
        ))
    })
}

/// Simulated seconds of some ticks.
pub(crate) fn seconds(ticks: u64) -> f64 {
    ticks as f64 * f64::from(TICK_MS) / 1000.0
}

pub(crate) fn workers(threads: usize) -> Result<Workers, Failure> {
    Workers::new(threads).map_err(|error| Failure::Usage(format!("--threads: {error}")))
}

/// As many threads as asked for, or one a core.
pub(crate) fn one_a_core(threads: Option<usize>) -> Result<Workers, Failure> {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    workers(threads.unwrap_or_else(|| cores().min(sim::workers::MAX_WORKERS)))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

pub(crate) fn read(path: &Path) -> Result<Recording, Failure> {
    let failed = |error: &dyn std::error::Error| Failure::because(&format!("read {}", path.display()), error);
    let bytes = std::fs::metadata(path).map_err(|error| failed(&error))?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(Failure::Failed(format!(
            "{} has {bytes} bytes; recordings have at most {MAX_FILE_BYTES}",
            path.display()
        )));
    }
    let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
    Recording::from_bytes(&bytes).map_err(|error| failed(&error))
}

/// Writes a recording; how many bytes it has.
pub(crate) fn write(path: &Path, recording: &Recording) -> Result<usize, Failure> {
    if path.extension().is_none_or(|extension| extension != EXTENSION) {
        return Err(Failure::Usage(format!("{}: name a recording <name>.{EXTENSION}", path.display())));
    }
    let bytes = recording.to_bytes();
    std::fs::write(path, &bytes)
        .map_err(|error| Failure::because(&format!("write {}", path.display()), &error))?;
    Ok(bytes.len())
}
