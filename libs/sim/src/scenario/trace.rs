//! Recorded traffic: CSV with the columns `timestamp,value`, a count of requests for every interval.
//!
//! A row's interval ends where the next row's begins; the last is as long as the one before it. A count divided by the
//! length of its interval is a rate. A timestamp is `2014-04-10 00:04:00`, the same with `T` and `Z`, or Unix seconds.

use crate::traffic::{MAX_RATE_RPS, Trace};

/// Most rows that are read: two years of minutes.
const MAX_ROWS: usize = 1_100_000;

/// Most bad lines that are listed.
const MAX_BAD_LINES: usize = 10;

/// How counts become the rates of a simulation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Size {
    /// Multiplies every rate.
    Scale(f64),
    /// Multiplies every rate such that the highest is this.
    Peak(f64),
}

/// Reads a trace; the mistakes come with their lines.
pub(super) fn read(text: &str, size: Size, speed_up: f64) -> Result<Trace, Vec<(u64, String)>> {
    let (times, counts) = rows(text)?;
    let intervals: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let Some(last) = intervals.last().copied() else {
        return Err(vec![(0, "fewer than two rows of numbers; an interval needs two timestamps".to_owned())]);
    };
    let rates: Vec<f64> = counts
        .iter()
        .zip(intervals.iter().copied().chain([last]))
        .map(|(count, length)| count / length)
        .collect();
    let factor = match size {
        Size::Scale(scale) => scale,
        Size::Peak(peak) => {
            let highest = rates.iter().copied().fold(0.0, f64::max);
            if highest == 0.0 {
                return Err(vec![(
                    0,
                    "every value is 0, so peak_rps cannot be reached; use scale".to_owned(),
                )]);
            }
            peak / highest
        }
    };
    let start = times.first().copied().unwrap_or(0.0);
    Ok(Trace {
        length_s: (times[times.len() - 1] + last - start) / speed_up,
        starts_s: times.iter().map(|time| (time - start) / speed_up).collect(),
        rates_rps: rates.iter().map(|rate| (rate * factor).min(MAX_RATE_RPS)).collect(),
    })
}

type Rows = (Vec<f64>, Vec<f64>);

fn rows(text: &str) -> Result<Rows, Vec<(u64, String)>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let (mut times, mut counts) = (Vec::new(), Vec::new());
    let mut bad = Vec::new();
    for (position, record) in reader.records().enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                bad.push((
                    error.position().map_or(0, csv::Position::line),
                    "is not CSV text in UTF-8".to_owned(),
                ));
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if position == 0 && record.get(0) == Some("timestamp") {
            continue;
        }
        match row(&record, times.last().copied()) {
            Ok((time, count)) => {
                times.push(time);
                counts.push(count);
            }
            Err(message) => bad.push((line, message)),
        }
        if bad.len() >= MAX_BAD_LINES || times.len() > MAX_ROWS {
            break;
        }
    }
    if times.len() > MAX_ROWS {
        bad.push((0, format!("more than {MAX_ROWS} rows; cut the file or use longer intervals")));
    }
    if bad.is_empty() { Ok((times, counts)) } else { Err(bad) }
}

fn row(record: &csv::StringRecord, before: Option<f64>) -> Result<(f64, f64), String> {
    let (Some(timestamp), Some(value), None) = (record.get(0), record.get(1), record.get(2)) else {
        return Err(format!("has {} columns; write timestamp,value", record.len()));
    };
    let time = parse_time(timestamp)
        .ok_or_else(|| format!("timestamp {timestamp:?}: write 2014-04-10 00:04:00 or Unix seconds"))?;
    let count = value.parse::<f64>().ok().filter(|count| count.is_finite() && *count >= 0.0);
    let count = count.ok_or_else(|| format!("value {value:?}: write a count of requests, 0 or more"))?;
    match before {
        Some(before) if time <= before => {
            Err(format!("timestamp {timestamp:?} is not after the line before; sort the file"))
        }
        _ => Ok((time, count)),
    }
}

/// Seconds since 1970 of a date and time in UTC.
fn parse_time(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds.abs() < 1e12).then_some(seconds);
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, time) = text.split_once([' ', 'T'])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (time.next()?.parse::<u32>().ok()?, time.next()?.parse::<u32>().ok()?);
    let second = time.next().map_or(Some(0.0), |part| part.parse::<f64>().ok())?;
    let valid = (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !valid || hour > 23 || minute > 59 || !(0.0..61.0).contains(&second) {
        return None;
    }
    Some(days_since_1970(year, month, day) as f64 * 86_400.0 + f64::from(hour * 3600 + minute * 60) + second)
}

/// Days from civil date (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_rates() {
        let text =
            "timestamp,value\n2014-04-10 00:04:00,300\n2014-04-10 00:09:00,600\n2014-04-10 00:19:00,0\n";
        let trace = read(text, Size::Scale(2.0), 300.0).unwrap();
        assert_eq!(trace.starts_s, [0.0, 1.0, 3.0]);
        assert_eq!(trace.rates_rps, [2.0, 2.0, 0.0]);
        assert!((trace.length_s - 5.0).abs() < 1e-12);
        let peak = read(text, Size::Peak(50.0), 1.0).unwrap();
        assert_eq!(peak.rates_rps, [50.0, 50.0, 0.0]);
    }

    #[test]
    fn timestamps_of_all_three_forms_agree() {
        assert_eq!(parse_time("2014-04-10 00:04:00"), Some(1_397_088_240.0));
        assert_eq!(parse_time("2014-04-10T00:04:00Z"), Some(1_397_088_240.0));
        assert_eq!(parse_time("1397088240"), Some(1_397_088_240.0));
        assert_eq!(parse_time("10.04.2014"), None);
    }

    #[test]
    fn bad_lines_are_named() {
        let text = "timestamp,value\n3,5\n4,many\n5,-1\n2,4\n6,NaN\n7\n";
        let lines: Vec<u64> =
            read(text, Size::Scale(1.0), 1.0).unwrap_err().iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 7]);
        assert!(read("", Size::Scale(1.0), 1.0).is_err());
    }
}
