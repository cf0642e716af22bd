//! A series in a file: rows of `timestamp,value`.

use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;

/// Rows of a file that may be read; a row takes about a hundred bytes in memory.
const MAX_ROWS: usize = 10_000_000;
/// How timestamps are written, to the second or finer.
const TIMESTAMP: &str = "%Y-%m-%d %H:%M:%S%.f";

/// One row: as it is written, and what it means.
pub(crate) struct Row {
    /// The timestamp as it was written.
    pub(crate) timestamp: String,
    /// The value as it was written.
    pub(crate) value: String,
    /// Seconds since 1970 on the clock of the file.
    pub(crate) time_s: f64,
    /// The value; NaN where the file has none.
    pub(crate) number: f64,
}

/// Why a file is no series.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeriesError {
    #[error("{path} cannot be read; is DATA_DIR the folder that holds the categories?", path = .path.display())]
    Read { path: PathBuf, source: csv::Error },
    #[error("{path} has no column `{column}`; its first line must be `timestamp,value`", path = .path.display())]
    Column { path: PathBuf, column: &'static str },
    #[error("{path} line {line}: `{text}` is no timestamp; write it as 2014-04-01 00:05:00", path = .path.display())]
    Timestamp { path: PathBuf, line: u64, text: String },
    #[error("{path} line {line}: `{text}` is no number; leave the value empty where it is unknown", path = .path.display())]
    Value { path: PathBuf, line: u64, text: String },
    #[error("{path} has no rows", path = .path.display())]
    Empty { path: PathBuf },
    #[error("{path} has more than {MAX_ROWS} rows; split it", path = .path.display())]
    TooLong { path: PathBuf },
}

/// Reads a file whole: a mistake in its last row is told before anything is written.
pub(crate) fn read(path: &Path) -> Result<Vec<Row>, SeriesError> {
    let broken = |source| SeriesError::Read { path: path.to_owned(), source };
    let mut reader = csv::Reader::from_path(path).map_err(broken)?;
    let header = reader.headers().map_err(broken)?.clone();
    let column = |column: &'static str| {
        let position = header.iter().position(|name| name.trim() == column);
        position.ok_or_else(|| SeriesError::Column { path: path.to_owned(), column })
    };
    let (timestamps, values) = (column("timestamp")?, column("value")?);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |column| record.get(column).unwrap_or_default().trim().to_owned();
        rows.push(row(path, line, field(timestamps), field(values))?);
        if rows.len() > MAX_ROWS {
            return Err(SeriesError::TooLong { path: path.to_owned() });
        }
    }
    if rows.is_empty() {
        return Err(SeriesError::Empty { path: path.to_owned() });
    }
    Ok(rows)
}

fn row(path: &Path, line: u64, timestamp: String, value: String) -> Result<Row, SeriesError> {
    let Ok(time) = NaiveDateTime::parse_from_str(&timestamp, TIMESTAMP) else {
        return Err(SeriesError::Timestamp { path: path.to_owned(), line, text: timestamp });
    };
    let number = if value.is_empty() { Ok(f64::NAN) } else { value.parse() };
    let Ok(number) = number else {
        return Err(SeriesError::Value { path: path.to_owned(), line, text: value });
    };
    let time_s = time.and_utc().timestamp_micros() as f64 / 1e6;
    Ok(Row { timestamp, value, time_s, number })
}
