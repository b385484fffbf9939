//! Recordings on disk: one thread writes blocks, so that media threads never wait for a file.

mod sink;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use media::wav::WavHeader;
use media::{RecordingKey, RecordingSink};

use self::sink::FileSink;

/// The thread that writes recordings.
#[derive(Debug)]
pub struct RecordingFiles {
    orders: SyncSender<Order>,
    join: Option<JoinHandle<()>>,
}

/// What becomes of a recording's file.
#[derive(Clone, Debug, PartialEq)]
pub enum FileEvent {
    /// It is complete and on disk.
    Closed {
        /// Which.
        recording: RecordingKey,
        /// Its length, header included.
        bytes: u64,
    },
    /// Some of it could not be written, and nobody need wait for it any more. The call goes on, and
    /// so does the recording as soon as the disk lets it: what was lost is silence in it.
    Failed {
        /// Which.
        recording: RecordingKey,
        /// Why: "No space left on device".
        why: String,
    },
}

#[derive(Debug)]
enum Order {
    Open {
        recording: RecordingKey,
        path: PathBuf,
        channels: u16,
        rate: u32,
        free: SyncSender<Vec<i16>>,
    },
    Block {
        recording: RecordingKey,
        samples: Vec<i16>,
    },
    Close {
        recording: RecordingKey,
    },
    Stop,
}

impl RecordingFiles {
    /// Starts the thread; `report` is called on it.
    ///
    /// # Errors
    /// When the thread cannot start.
    pub fn start(report: impl Fn(FileEvent) + Send + 'static) -> io::Result<Self> {
        let (orders, inbox) = sync_channel(ORDERS);
        let join = std::thread::Builder::new()
            .name("recordings".to_owned())
            .spawn(move || Files::default().run(&inbox, &report))?;
        Ok(Self {
            orders,
            join: Some(join),
        })
    }

    /// Opens a file and returns the sink for [`media::Command::StartRecording`]. A file that cannot
    /// be made is reported, and tried again with each block that the sink takes.
    pub fn open(
        &self,
        recording: RecordingKey,
        path: PathBuf,
        channels: u16,
        rate: u32,
    ) -> Box<dyn RecordingSink> {
        let (free, spare) = sync_channel(SPARE_BLOCKS);
        let block = (rate as usize * usize::from(channels)) / BLOCKS_PER_SECOND;
        for _ in 1..SPARE_BLOCKS {
            let _ = free.try_send(Vec::with_capacity(block));
        }
        let opening = Order::Open {
            recording,
            path,
            channels,
            rate,
            free,
        };
        let orders = self.orders.clone();
        Box::new(FileSink::new(recording, orders, opening, spare, block))
    }

    /// Closes every file and ends the thread.
    pub fn stop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        if let Some(join) = self.join.take() {
            let _ = join.join();
        }
    }
}

/// The writer's side.
#[derive(Default)]
struct Files {
    open: std::collections::HashMap<RecordingKey, Recording>,
    octets: Vec<u8>,
}

struct Recording {
    path: PathBuf,
    shape: WavHeader,
    /// `None` while it cannot be made.
    file: Option<File>,
    /// What is there under its name was made by us.
    is_ours: bool,
    /// Bytes of sound until now, written or not.
    length: u64,
    /// Whether all of them are in the file, one after the other.
    is_whole: bool,
    /// A failure was reported: nobody waits for the file any more.
    has_failed: bool,
    free: SyncSender<Vec<i16>>,
}

impl Files {
    fn run(mut self, inbox: &Receiver<Order>, report: &impl Fn(FileEvent)) {
        while let Ok(order) = inbox.recv() {
            match order {
                Order::Open {
                    recording,
                    path,
                    channels,
                    rate,
                    free,
                } => {
                    let mut entry = Recording {
                        path,
                        shape: WavHeader { channels, rate },
                        file: None,
                        is_ours: false,
                        length: 0,
                        is_whole: true,
                        has_failed: false,
                        free,
                    };
                    if let Err(error) = entry.file() {
                        entry.fail(recording, &error, report);
                    }
                    self.open.insert(recording, entry);
                }
                Order::Block { recording, samples } => self.write(recording, samples, report),
                Order::Close { recording } => {
                    if let Some(entry) = self.open.remove(&recording) {
                        entry.close(recording, report);
                    }
                }
                Order::Stop => break,
            }
        }
        for (recording, entry) in self.open {
            entry.close(recording, report);
        }
    }

    fn write(
        &mut self,
        recording: RecordingKey,
        mut samples: Vec<i16>,
        report: &impl Fn(FileEvent),
    ) {
        let Some(entry) = self.open.get_mut(&recording) else {
            return;
        };
        self.octets.clear();
        self.octets
            .extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        if let Err(error) = entry.append(&self.octets) {
            entry.fail(recording, &error, report);
        }
        samples.clear();
        let _ = entry.free.try_send(samples);
    }
}

impl Recording {
    /// The file, made if it is not there yet.
    fn file(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.make()?,
        };
        Ok(self.file.insert(file))
    }

    /// Its head says "to the end of the file": one cut off by a crash plays to its end.
    fn make(&mut self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            // What callers said is for the exchange alone, whatever the umask.
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).mode(0o600);
        // Nothing is written over, but for what our own failed try left.
        let mut file = match self.is_ours {
            true => options.create(true).truncate(true).open(&self.path)?,
            false => options.create_new(true).open(&self.path)?,
        };
        self.is_ours = true;
        file.write_all(&self.shape.bytes(None))?;
        Ok(file)
    }

    /// Writes a block at its place in time. What failed before it becomes silence.
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        let at = WavHeader::LENGTH as u64 + self.length;
        let was_whole = std::mem::replace(&mut self.is_whole, false);
        self.length += octets.len() as u64;
        let file = self.file()?;
        if !was_whole {
            file.set_len(at)?;
            file.seek(SeekFrom::Start(at))?;
        }
        file.write_all(octets)?;
        self.is_whole = true;
        Ok(())
    }

    /// Tells it once; what comes is tried all the same.
    fn fail(&mut self, recording: RecordingKey, error: &io::Error, report: &impl Fn(FileEvent)) {
        self.is_whole = false;
        if !std::mem::replace(&mut self.has_failed, true) {
            let why = error.to_string();
            report(FileEvent::Failed { recording, why });
        }
    }

    fn close(mut self, recording: RecordingKey, report: &impl Fn(FileEvent)) {
        if let Err(error) = self.complete() {
            self.fail(recording, &error, report);
        } else if !self.has_failed {
            report(FileEvent::Closed {
                recording,
                bytes: self.length + WavHeader::LENGTH as u64,
            });
        }
    }

    /// Writes how long it has become, and waits for the disk.
    fn complete(&mut self) -> io::Result<()> {
        let (head, length) = (self.shape.bytes(Some(self.length)), self.length);
        let is_whole = self.is_whole;
        let file = self.file()?;
        if !is_whole {
            file.set_len(WavHeader::LENGTH as u64 + length)?;
        }
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&head)?;
        file.sync_data()
    }
}

/// Orders that may wait for the disk: 1,000 recorded calls for two seconds.
const ORDERS: usize = 4_096;
/// Blocks of one recording: one is filled while others are written.
const SPARE_BLOCKS: usize = 4;
/// How often a recording reaches the disk: at most half a second is lost by kill -9.
const BLOCKS_PER_SECOND: usize = 2;

#[cfg(test)]
mod tests;
