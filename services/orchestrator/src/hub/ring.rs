//! The newest events of the stream, encoded once, kept for clients that reconnect and for clients that read slowly.

use std::collections::VecDeque;

use bytes::Bytes;

/// Events kept at most. At the usual few events a second this is many minutes; a page that slept longer starts afresh.
const MAX_EVENTS: usize = 4_096;

/// Bytes kept at most: the events of a busy minute, and a small part of the memory that all services may use together.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What a reader finds behind its cursor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// The next events, and the cursor behind them.
    Frames(Vec<Bytes>, u64),
    /// Nothing new.
    UpToDate,
    /// The next event is no longer kept.
    Missed,
    /// The cursor lies ahead of every event.
    Ahead,
}

/// A bounded log of frames with consecutive numbers.
#[derive(Debug)]
pub(crate) struct Ring {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Number of the newest frame; 0 before the first.
    newest: u64,
    max_events: usize,
    max_bytes: usize,
}

impl Default for Ring {
    fn default() -> Self {
        Self::bounded(MAX_EVENTS, MAX_BYTES)
    }
}

impl Ring {
    pub(crate) fn bounded(max_events: usize, max_bytes: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, newest: 0, max_events, max_bytes }
    }

    /// Number of the newest frame; 0 before the first.
    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// Number that the next frame will carry.
    pub(crate) fn next(&self) -> u64 {
        self.newest + 1
    }

    /// Appends a frame and forgets the oldest ones past the bounds. The newest is always kept.
    pub(crate) fn push(&mut self, frame: Bytes) {
        self.newest += 1;
        self.bytes += frame.len();
        self.frames.push_back(frame);
        while self.frames.len() > 1 && (self.frames.len() > self.max_events || self.bytes > self.max_bytes) {
            if let Some(forgotten) = self.frames.pop_front() {
                self.bytes -= forgotten.len();
            }
        }
    }

    /// Up to `limit` frames numbered above `cursor`. The frames share their bytes with the ring.
    pub(crate) fn read_after(&self, cursor: u64, limit: usize) -> Read {
        if cursor > self.newest {
            return Read::Ahead;
        }
        let behind = self.newest - cursor;
        if behind == 0 {
            return Read::UpToDate;
        }
        let Some(first) = (self.frames.len() as u64).checked_sub(behind) else {
            return Read::Missed;
        };
        let frames: Vec<Bytes> = self.frames.iter().skip(first as usize).take(limit).cloned().collect();
        let cursor = cursor + frames.len() as u64;
        Read::Frames(frames, cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring_with(frames: u64) -> Ring {
        let mut ring = Ring::bounded(4, 1_000);
        for number in 1..=frames {
            ring.push(Bytes::from(number.to_string()));
        }
        ring
    }

    fn text(read: Read) -> Vec<String> {
        match read {
            Read::Frames(frames, _) => {
                frames.iter().map(|frame| String::from_utf8(frame.to_vec()).unwrap()).collect()
            }
            other => panic!("expected frames, got {other:?}"),
        }
    }

    #[test]
    fn a_reader_gets_every_frame_after_its_cursor_once() {
        let ring = ring_with(3);
        assert_eq!(text(ring.read_after(0, 10)), ["1", "2", "3"]);
        assert_eq!(text(ring.read_after(2, 10)), ["3"]);
        assert_eq!(ring.read_after(3, 10), Read::UpToDate);
    }

    #[test]
    fn a_limit_leaves_the_rest_for_the_next_read() {
        let ring = ring_with(4);
        let Read::Frames(frames, cursor) = ring.read_after(0, 3) else { panic!("frames expected") };
        assert_eq!((frames.len(), cursor), (3, 3));
        assert_eq!(text(ring.read_after(cursor, 3)), ["4"]);
    }

    #[test]
    fn a_reader_behind_the_oldest_frame_learns_that_it_missed_some() {
        let ring = ring_with(6);
        assert_eq!(ring.read_after(1, 10), Read::Missed);
        assert_eq!(text(ring.read_after(2, 10)), ["3", "4", "5", "6"]);
    }

    #[test]
    fn a_cursor_from_the_future_is_noticed() {
        assert_eq!(ring_with(2).read_after(3, 10), Read::Ahead);
    }

    #[test]
    fn bytes_are_bounded_too_but_the_newest_frame_stays() {
        let mut ring = Ring::bounded(100, 10);
        ring.push(Bytes::from_static(b"123456"));
        ring.push(Bytes::from_static(b"123456"));
        assert_eq!(ring.read_after(0, 10), Read::Missed);
        ring.push(Bytes::from_static(b"a frame larger than the ring"));
        assert_eq!(text(ring.read_after(2, 10)), ["a frame larger than the ring"]);
    }
}
