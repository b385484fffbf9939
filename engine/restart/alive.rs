//! How long the exchange has lived: what tells a start when the run before it was cut.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::WallClock;

/// When the last run was alive for the last time, microseconds since 1970; `None` where there was
/// none or its mark cannot be read.
pub(crate) fn last_alive(data: &Path) -> Option<i64> {
    fs::read_to_string(data.join(MARK))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Marks once a second that the exchange lives, for as long as its runtime does. The mark needs no
/// `fsync`: a killed process leaves it with the kernel, and after a power cut the journals alone
/// say how far the calls had come.
pub(crate) fn keep_alive(data: &Path, clock: Arc<WallClock>) {
    let path = data.join(MARK);
    tokio::spawn(async move {
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let (path, now) = (path.clone(), clock.unix_micros());
            // A disk that is full or read-only is told of elsewhere.
            let _ = tokio::task::spawn_blocking(move || mark(&path, now)).await;
        }
    });
}

fn mark(path: &Path, now: i64) -> io::Result<()> {
    // Times have the same length for 250 years to come, so that no half of one is ever read.
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    file.write_all(format!("{now}\n").as_bytes())
}

const MARK: &str = "alive";
const EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_the_last_time_that_was_written() {
        let data = std::env::temp_dir().join(format!("moonswitch-alive-{}", std::process::id()));
        fs::create_dir_all(&data).unwrap();

        assert_eq!(last_alive(&data), None);
        mark(&data.join(MARK), 1_800_000_000_000_000).unwrap();
        mark(&data.join(MARK), 1_800_000_001_000_000).unwrap();
        assert_eq!(last_alive(&data), Some(1_800_000_001_000_000));
        fs::write(data.join(MARK), "").unwrap();
        assert_eq!(last_alive(&data), None);
        fs::remove_dir_all(data).unwrap();
    }
}
