//! Free TCP ports on the loopback address.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    net::{Ipv4Addr, TcpListener},
    time::{Duration, Instant},
};

/// Below Linux's range for outgoing connections (32768 and up): a server that is killed and started again on its port must
/// not find it taken by somebody's client.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// How many ports are tried before giving up: far more than a machine has listeners in the range.
const TRIES: u16 = 500;

/// Whether nobody listens on `127.0.0.1:port`.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Waits until nobody listens on `127.0.0.1:port`, and says whether that came true in time: what a killed server leaves behind
/// may hold its port for a moment.
pub(crate) async fn becomes_free(port: u16, patience: Duration) -> bool {
    let asked = Instant::now();
    while !is_free(port) {
        if asked.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}

/// A port on 127.0.0.1 that is free now; None when none was found. Ports are tried from a random start, so that
/// processes that look at the same moment rarely meet.
pub fn free_port() -> Option<u16> {
    // Each RandomState has keys of its own: enough randomness to spread, and no dependency.
    let start = RandomState::new().build_hasher().finish() % u64::from(COUNT);
    (0..TRIES)
        .map(|step| FIRST + ((start + u64::from(step)) % u64::from(COUNT)) as u16)
        .find(|port| is_free(*port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_port_is_not_free() {
        let port = free_port().unwrap();
        assert!(is_free(port));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(!is_free(port));
        drop(listener);
        assert!(is_free(port));
    }
}
