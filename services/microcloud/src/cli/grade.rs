//! Options of `microcloud grade`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::catalogue::CatalogueOptions;

/// `microcloud grade …`
#[derive(Debug, Subcommand)]
pub(crate) enum GradeCommand {
    /// Watches every scenario over several seeds with nobody acting, and grades incidents and forecasts by what is true.
    #[command(
        after_help = "Examples:\n  microcloud grade detectors\n  microcloud grade detectors --seeds 10 --out docs/grades      the committed reference\n  microcloud grade detectors --scenario normal --benign 24h --no-forecasts\n  microcloud grade detectors --lead-in 25m --no-forecasts       with anomalies\n  microcloud grade detectors --json | jq '.false_incidents[]'\n\ndocs/grades.md says what counts as true, found, late and false."
    )]
    Detectors(DetectorOptions),
    /// Writes the anomaly scores of our detector for series in files, for the scorer of the Numenta Anomaly Benchmark.
    #[command(
        after_help = "Each file of DATA_DIR that WINDOWS_JSON names is read row by row; a score depends on the rows up to its own, on nothing else.\nOf WINDOWS_JSON only the names are read, never the windows.\n\nExample:\n  microcloud grade nab data windows.json --out scores && python3 nab_score.py data windows.json scores"
    )]
    Nab(NabOptions),
    /// Looks ahead at every trouble, lets it come, and holds one against the other.
    #[command(
        after_help = "Examples:\n  microcloud grade previews\n  microcloud grade previews --scenario retry_storm --seeds 10 --json | jq .best_pct\n\ndocs/benchmark.md says what is compared."
    )]
    Previews(PreviewGradeOptions),
}

/// Options of `microcloud grade detectors`.
#[derive(Debug, Args)]
pub(crate) struct DetectorOptions {
    /// Runs of every scenario, with the seeds 1 to N.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=eval::grade::MAX_SEEDS))]
    pub(crate) seeds: u64,
    /// Simulated time that is watched after the onset, at most 24h.
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration, default_value = "10m")]
    pub(crate) after_onset: Duration,
    /// Simulated time that scenarios are watched in which nothing is wrong, at most 24h.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "2h")]
    pub(crate) benign: Duration,
    /// Simulated time before a scenario begins, at most 24h: anomalies are told by a detector that has seen what is usual.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "0s")]
    pub(crate) lead_in: Duration,
    /// Leaves forecasts out: they take most of the time.
    #[arg(long)]
    pub(crate) no_forecasts: bool,
    #[command(flatten)]
    pub(crate) catalogue: CatalogueOptions,
    /// Folder for grades.json, a page and its plots; made when it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Prints one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `microcloud grade previews`.
#[derive(Debug, Args)]
pub(crate) struct PreviewGradeOptions {
    /// Looks at every scenario, with the seeds 1 to N.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=eval::benchmark::MAX_SEEDS))]
    pub(crate) seeds: u64,
    /// Futures of noise, 2 to 64.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) futures: u32,
    /// Simulated seconds to look ahead, 60 to 1800.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) horizon: u32,
    #[command(flatten)]
    pub(crate) catalogue: CatalogueOptions,
    /// Folder for previews.json; made when it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Prints one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `microcloud grade nab`.
#[derive(Debug, Args)]
pub(crate) struct NabOptions {
    /// Folder of `<category>/<file>.csv` with the columns timestamp,value.
    #[arg(value_name = "DATA_DIR")]
    pub(crate) data: PathBuf,
    /// JSON object whose keys are the files to score.
    #[arg(value_name = "WINDOWS_JSON")]
    pub(crate) windows: PathBuf,
    /// Folder for `<category>/<file>.csv` with the columns timestamp,value,anomaly_score; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Prints one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
