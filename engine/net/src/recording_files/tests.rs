//! Recordings on a real disk, in the way of it, and on one that stands still.

use std::fs;
use std::os::unix::fs::PermissionsExt;
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
fn recordings_and_their_folders_are_for_the_exchange_alone() {
    let (folder, mut files, _events) = desk("private");
    let path = folder.join("8001/2026/a.wav");

    files.open(RecordingKey(1), path.clone(), 1, 8_000).close();
    files.stop();

    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&folder.join("8001/2026")), 0o700);
    assert_eq!(mode(&folder.join("8001")), 0o700);
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

#[test]
fn a_recording_goes_on_when_the_disk_does_and_what_was_lost_is_silence() {
    let (folder, mut files, events) = desk("heals");
    let path = folder.join("in-the-way/x.wav");
    fs::write(folder.join("in-the-way"), "a file").unwrap();
    let mut sink = files.open(RecordingKey(7), path.clone(), 1, 8_000);

    assert!(sink.write(&[1; 4_000]));
    assert!(matches!(events.recv().unwrap(), FileEvent::Failed { .. }));
    fs::remove_file(folder.join("in-the-way")).unwrap();
    assert!(sink.write(&[2; 4_000]));
    assert!(sink.close());
    files.stop();

    let octets = fs::read(&path).unwrap();
    let (head, sound) = octets.split_at(WavHeader::LENGTH);
    let shape = WavHeader {
        channels: 1,
        rate: 8_000,
    };
    assert_eq!(head, shape.bytes(Some(16_000)));
    assert_eq!(sound.len(), 16_000);
    // The first block may have found the disk as it was, or as it is.
    assert!(sound[..2] == [0, 0] || sound[..2] == [1, 0]);
    assert_eq!(sound[8_000..8_002], [2, 0]);
    assert!(
        events.recv().is_err(),
        "it was told once that it has failed"
    );
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_of_somebody_else_is_not_written_over() {
    let (folder, mut files, events) = desk("other");
    let path = folder.join("x.wav");
    fs::write(&path, "a letter").unwrap();
    let mut sink = files.open(RecordingKey(7), path.clone(), 1, 8_000);

    sink.write(&[1; 8_000]);
    sink.close();
    files.stop();

    assert!(matches!(events.recv().unwrap(), FileEvent::Failed { .. }));
    assert_eq!(fs::read(&path).unwrap(), b"a letter");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_a_full_queue_refuses_is_refused_whole() {
    let (mut sink, orders) = sink(2);
    let mut taken = Vec::new();
    let mut refused = 0;

    let mut heard = Vec::new();
    for step in 0..200_i16 {
        let part = [step; 30];
        if sink.write(&part) {
            taken.extend(part);
        } else {
            refused += 1;
        }
        if step % 20 == 19 {
            // The disk moves again: everything that waits is written, and blocks come back.
            heard.extend(orders.written());
        }
    }
    while !sink.close() {
        heard.extend(orders.written());
    }
    heard.extend(orders.written());

    assert!(refused > 50, "{refused}");
    assert_eq!(heard, taken);
}

#[test]
fn a_recording_while_the_disk_stands_still_is_opened_and_closed_all_the_same() {
    let (mut sink, orders) = sink(0);

    for _ in 0..50 {
        assert!(sink.write(&[5]));
    }
    assert!(!sink.close());
    assert!(!sink.close());

    let told = std::thread::scope(|scope| {
        let inbox = orders.inbox;
        let told = scope.spawn(move || inbox.iter().take(3).collect::<Vec<Order>>());
        while !sink.close() {
            std::thread::yield_now();
        }
        told.join().unwrap()
    });
    assert!(
        matches!(&told[..], [Order::Open { .. }, Order::Block { samples, .. }, Order::Close { .. }]
            if samples[..] == [5; 50])
    );
}

#[test]
fn a_sink_that_is_dropped_closes_its_file() {
    let (sink, orders) = sink(8);

    drop(sink);

    let told: Vec<Order> = orders.inbox.try_iter().collect();
    assert!(matches!(
        &told[..],
        [Order::Open { .. }, Order::Close { .. }]
    ));
}

/// A sink with blocks of 100 samples, before a writer with room for so many orders.
fn sink(room: usize) -> (FileSink, Writer) {
    let (orders, inbox) = sync_channel(room);
    let (free, spare) = sync_channel(3);
    for _ in 0..3 {
        free.send(Vec::with_capacity(100)).unwrap();
    }
    let recording = RecordingKey(1);
    let opening = Order::Open {
        recording,
        path: PathBuf::new(),
        channels: 1,
        rate: 8_000,
        free: free.clone(),
    };
    let sink = FileSink::new(recording, orders, opening, spare, 100);
    (sink, Writer { inbox, free })
}

struct Writer {
    inbox: Receiver<Order>,
    free: SyncSender<Vec<i16>>,
}

impl Writer {
    /// Takes what waits; the samples in it.
    fn written(&self) -> Vec<i16> {
        let mut written = Vec::new();
        for order in self.inbox.try_iter() {
            if let Order::Block { mut samples, .. } = order {
                written.append(&mut samples);
                self.free.send(samples).unwrap();
            }
        }
        written
    }
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
