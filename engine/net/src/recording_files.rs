//! Recordings on disk: one thread writes blocks, so that media threads never wait for a file.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use media::wav::WavHeader;
use media::{RecordingKey, RecordingSink};

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
    /// It cannot be written, now or any more; the call goes on.
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
    /// be made is reported, and what the sink takes is thrown away.
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
        // A full queue means that the disk stands still: the sink is then refused its blocks too.
        let _ = self.orders.try_send(Order::Open {
            recording,
            path,
            channels,
            rate,
            free,
        });
        Box::new(FileSink {
            recording,
            orders: self.orders.clone(),
            spare,
            filling: Some(Vec::with_capacity(block)),
            block,
        })
    }

    /// Closes every file and ends the thread.
    pub fn stop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        if let Some(join) = self.join.take() {
            let _ = join.join();
        }
    }
}

/// Collects samples into blocks. Blocks go round between the sink and the writer: nothing is
/// allocated while a call is recorded.
#[derive(Debug)]
struct FileSink {
    recording: RecordingKey,
    orders: SyncSender<Order>,
    spare: Receiver<Vec<i16>>,
    filling: Option<Vec<i16>>,
    block: usize,
}

impl RecordingSink for FileSink {
    fn write(&mut self, mut samples: &[i16]) -> bool {
        while !samples.is_empty() {
            let Some(mut filling) = self.filling.take().or_else(|| self.spare.try_recv().ok())
            else {
                return false;
            };
            let room = self.block - filling.len();
            let (now, later) = samples.split_at(room.min(samples.len()));
            filling.extend_from_slice(now);
            samples = later;
            if filling.len() < self.block {
                self.filling = Some(filling);
                continue;
            }
            if let Err(TrySendError::Full(order)) = self.orders.try_send(self.order(filling)) {
                // The disk does not keep up. The block is lost, and its memory used again.
                if let Order::Block { mut samples, .. } = order {
                    samples.clear();
                    self.filling = Some(samples);
                }
                return false;
            }
        }
        true
    }

    fn close(&mut self) {
        if let Some(rest) = self.filling.take().filter(|rest| !rest.is_empty()) {
            let _ = self.orders.try_send(self.order(rest));
        }
        let _ = self.orders.try_send(Order::Close {
            recording: self.recording,
        });
    }
}

impl FileSink {
    fn order(&self, samples: Vec<i16>) -> Order {
        Order::Block {
            recording: self.recording,
            samples,
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
    /// `None` after a failure.
    file: Option<File>,
    channels: u16,
    rate: u32,
    data: u64,
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
                    let file = create(&path, channels, rate)
                        .inspect_err(|error| report(failed(recording, error)))
                        .ok();
                    let entry = Recording {
                        file,
                        channels,
                        rate,
                        data: 0,
                        free,
                    };
                    self.open.insert(recording, entry);
                }
                Order::Block { recording, samples } => self.write(recording, samples, report),
                Order::Close { recording } => {
                    if let Some(entry) = self.open.remove(&recording) {
                        close(recording, entry, report);
                    }
                }
                Order::Stop => break,
            }
        }
        for (recording, entry) in self.open {
            close(recording, entry, report);
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
        if let Some(file) = &mut entry.file {
            self.octets.clear();
            self.octets
                .extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
            entry.data += self.octets.len() as u64;
            // The head says "to the end of the file": one cut off by a crash plays to its end.
            if let Err(error) = file.write_all(&self.octets) {
                report(failed(recording, &error));
                entry.file = None;
            }
        }
        samples.clear();
        let _ = entry.free.try_send(samples);
    }
}

fn create(path: &Path, channels: u16, rate: u32) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create_new(path)?;
    file.write_all(&WavHeader { channels, rate }.bytes(None))?;
    Ok(file)
}

/// Writes how long it has become, and waits for the disk.
fn complete(file: &mut File, shape: WavHeader, data: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&shape.bytes(Some(data)))?;
    file.sync_data()
}

fn close(recording: RecordingKey, entry: Recording, report: &impl Fn(FileEvent)) {
    // A file that failed has been reported already.
    let Some(mut file) = entry.file else { return };
    let shape = WavHeader {
        channels: entry.channels,
        rate: entry.rate,
    };
    match complete(&mut file, shape, entry.data) {
        Ok(()) => report(FileEvent::Closed {
            recording,
            bytes: entry.data + WavHeader::LENGTH as u64,
        }),
        Err(error) => report(failed(recording, &error)),
    }
}

fn failed(recording: RecordingKey, error: &io::Error) -> FileEvent {
    FileEvent::Failed {
        recording,
        why: error.to_string(),
    }
}

/// Orders that may wait for the disk: 1,000 recorded calls for two seconds.
const ORDERS: usize = 4_096;
/// Blocks of one recording: one is filled while others are written.
const SPARE_BLOCKS: usize = 4;
/// How often a recording reaches the disk: at most half a second is lost by kill -9.
const BLOCKS_PER_SECOND: usize = 2;

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_recording_is_whole_on_disk_when_it_is_closed() {
        let (folder, mut files, events) = desk("whole");
        let path = folder.join("a/b.wav");
        let mut sink = files.open(RecordingKey(1), path.clone(), 2, 8_000);

        let samples: Vec<i16> = (0..20_000).map(|n| n as i16).collect();
        for part in samples.chunks(320) {
            assert!(sink.write(part));
            // The disk is given its turn; the sink itself never waits.
            std::thread::yield_now();
        }
        sink.close();

        let FileEvent::Closed { bytes, .. } = events.recv().unwrap() else {
            panic!("the file was written");
        };
        let octets = fs::read(&path).unwrap();
        assert_eq!(octets.len() as u64, bytes);
        assert_eq!(octets.len(), WavHeader::LENGTH + 40_000);
        assert_eq!(octets[WavHeader::LENGTH + 2..WavHeader::LENGTH + 4], [1, 0]);
        files.stop();
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_made_is_reported_and_hurts_nobody() {
        let (folder, mut files, events) = desk("cannot");
        fs::write(folder.join("in-the-way"), "a file").unwrap();
        let mut sink = files.open(RecordingKey(7), folder.join("in-the-way/x.wav"), 1, 8_000);

        sink.write(&[0; 4_000]);
        sink.close();

        assert!(matches!(
            events.recv().unwrap(),
            FileEvent::Failed {
                recording: RecordingKey(7),
                ..
            }
        ));
        files.stop();
        fs::remove_dir_all(folder).unwrap();
    }

    fn desk(name: &str) -> (PathBuf, RecordingFiles, Receiver<FileEvent>) {
        let folder = std::env::temp_dir().join(format!("moonswitch-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (tell, events) = channel();
        let files = RecordingFiles::start(move |event| {
            let _ = tell.send(event);
        })
        .unwrap();
        (folder, files, events)
    }
}
