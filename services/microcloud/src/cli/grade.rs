//! Options of `microcloud grade`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `microcloud grade …`
#[derive(Debug, Subcommand)]
pub(crate) enum GradeCommand {
    /// Writes the anomaly scores of our detector for series in files, for the scorer of the Numenta Anomaly Benchmark.
    #[command(
        after_help = "Each file of DATA_DIR that WINDOWS_JSON names is read row by row; a score depends on the rows up to its own, on nothing else.\nOf WINDOWS_JSON only the names are read, never the windows.\n\nExample:\n  microcloud grade nab data windows.json --out scores && python3 nab_score.py data windows.json scores"
    )]
    Nab(NabOptions),
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
