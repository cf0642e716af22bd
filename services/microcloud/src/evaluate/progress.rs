//! How far an evaluation is: a bar on a terminal, a line now and then in a log.

use std::io::IsTerminal as _;

use eval::benchmark::Row;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// In a log, a line every so many episodes.
const TOLD_EVERY: usize = 20;

/// What the bar shows; its parts are indicatif's.
const BAR: &str = "{bar:40} {pos} of {len} episodes, {elapsed} so far, {eta} to go  {msg}";

pub(super) struct Progress {
    /// `None` in a log.
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            // A template that cannot be read leaves the library's own.
            let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::no_length().with_style(style)
        });
        Self { bar }
    }

    /// An episode is over.
    pub(super) fn tell(&self, row: &Row, done: usize, all: usize) {
        let Some(bar) = &self.bar else {
            if done.is_multiple_of(TOLD_EVERY) || done == all {
                output::progress(format!("evaluate: {done} of {all} episodes"));
            }
            return;
        };
        bar.set_length(all as u64);
        bar.set_message(row.scenario.clone());
        bar.set_position(done as u64);
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
