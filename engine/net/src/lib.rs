//! Sockets and threads: SIP over UDP and TCP, media threads, recording files, name look-ups.

mod error;
pub mod media_io;
mod open_files;
mod ports;
mod recording_files;
mod resolve;
mod signalling;

pub use error::Error;
pub use media_io::{BackendChoice, MediaOptions, MediaPool, Opened};
pub use open_files::raise_open_files;
pub use recording_files::{FileEvent, RecordingFiles};
pub use resolve::resolve;
pub use signalling::{Received, Signalling};
