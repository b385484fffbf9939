//! Sound over HTTP: the whole file or one range of it (RFC 9110 §14), never held in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use store::RecordingRow;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::own::Own;
use super::problem::Problem;

/// Answers a request for a recording's file.
pub(super) async fn serve(
    own: &Own,
    recording: &RecordingRow,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let Some(end) = &recording.end else {
        return Err(Problem::conflict(
            "recording_runs",
            "this recording is still being made; ask again when it is closed",
        ));
    };
    let tag = end.sha256.as_ref().map(|sum| format!("\"{}\"", hex(sum)));
    let has_it = |list: &HeaderValue| {
        let mut tags = list.to_str().unwrap_or_default().split(',').map(str::trim);
        tags.any(|one| one == "*" || Some(one.trim_start_matches("W/")) == tag.as_deref())
    };
    if headers.get(IF_NONE_MATCH).is_some_and(has_it) {
        return Ok((StatusCode::NOT_MODIFIED, common(recording, tag.as_deref())).into_response());
    }
    let path = own.file(recording);
    let opened = spawn_blocking(move || {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok::<_, io::Error>((file, length))
    });
    let (file, length) = match opened.await {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) => {
            tracing::error!(%error, recording = %recording.id, "the file of a recording");
            return Err(Problem::not_found("file any more"));
        }
        Err(_) => return Err(Problem::broken()),
    };
    // A range of a file that has changed since would not fit to what is there already.
    let is_same = headers
        .get(IF_RANGE)
        .is_none_or(|wanted| tag.as_deref().is_some_and(|tag| wanted == tag));
    let wanted = headers.get(RANGE).filter(|_| is_same);
    let wanted = wanted.and_then(|value| value.to_str().ok());
    let (status, first, count) = match asked(wanted, length) {
        Wanted::Whole => (StatusCode::OK, 0, length),
        Wanted::Part { first, count } => (StatusCode::PARTIAL_CONTENT, first, count),
        Wanted::Nothing => {
            let mut refusal = Problem::no_such_range(length).into_response();
            set(&mut refusal, CONTENT_RANGE, &format!("bytes */{length}"));
            return Ok(refusal);
        }
    };
    if first == 0 {
        own.note("sound_read", &recording.id);
    }
    let body = Body::new(Sound::read(file, first, count));
    let mut response = (status, common(recording, tag.as_deref()), body).into_response();
    set(&mut response, CONTENT_LENGTH, &count.to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        let last = first + count - 1;
        let range = format!("bytes {first}-{last}/{length}");
        set(&mut response, CONTENT_RANGE, &range);
    }
    Ok(response)
}

fn common(recording: &RecordingRow, tag: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let name = format!("attachment; filename=\"{}.wav\"", recording.id);
    for (field, value) in [(CONTENT_DISPOSITION, Some(&*name)), (ETAG, tag)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(field, value);
        }
    }
    headers
}

fn set(response: &mut Response, name: axum::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// What of the file is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wanted {
    Whole,
    Part { first: u64, count: u64 },
    Nothing,
}

/// Reads a Range header. What cannot be read, is of another unit or of several parts is ignored, as
/// RFC 9110 §14.2 allows.
fn asked(range: Option<&str>, length: u64) -> Wanted {
    let Some((unit, set)) = range.and_then(|range| range.split_once('=')) else {
        return Wanted::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return Wanted::Whole;
    }
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than fit are beyond every file.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let (first, last) = match set.trim().split_once('-') {
        Some(("", count)) => match number(count) {
            Some(0) => return Wanted::Nothing,
            Some(count) => (length.saturating_sub(count), u64::MAX),
            None => return Wanted::Whole,
        },
        Some((first, last)) => match (number(first), last, number(last)) {
            (Some(first), "", _) => (first, u64::MAX),
            (Some(first), _, Some(last)) if first <= last => (first, last),
            _ => return Wanted::Whole,
        },
        None => return Wanted::Whole,
    };
    if first >= length {
        return Wanted::Nothing;
    }
    let last = last.min(length - 1);
    Wanted::Part {
        first,
        count: last - first + 1,
    }
}

/// A body that is read from the disk as fast as it is taken.
struct Sound {
    blocks: mpsc::Receiver<io::Result<Bytes>>,
    left: u64,
}

impl Sound {
    /// Must be called within a runtime.
    fn read(mut file: File, first: u64, count: u64) -> Self {
        let (give, blocks) = mpsc::channel(BLOCKS_AHEAD);
        tokio::spawn(async move {
            let (mut left, mut first) = (count, Some(first));
            while left > 0 {
                let seek = first.take();
                let size = left.min(BLOCK);
                // One block at a time, so that a slow reader holds no thread.
                let reading = spawn_blocking(move || {
                    if let Some(first) = seek {
                        file.seek(SeekFrom::Start(first))?;
                    }
                    let mut block = vec![0; size as usize];
                    file.read_exact(&mut block)?;
                    Ok::<_, io::Error>((file, block))
                });
                match reading.await {
                    Ok(Ok((back, block))) => {
                        file = back;
                        left -= size;
                        if give.send(Ok(block.into())).await.is_err() {
                            return;
                        }
                    }
                    Ok(Err(error)) => {
                        let _ = give.send(Err(error)).await;
                        return;
                    }
                    Err(_) => return,
                }
            }
        });
        Self {
            blocks,
            left: count,
        }
    }
}

impl hyper::body::Body for Sound {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let block = self.blocks.poll_recv(context);
        block.map(|block| {
            block.map(|block| {
                let block = block?;
                self.left = self.left.saturating_sub(block.len() as u64);
                Ok(Frame::data(block))
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

pub(super) fn hex(sum: &[u8; 32]) -> String {
    sum.iter().map(|octet| format!("{octet:02x}")).collect()
}

const BLOCK: u64 = 64 << 10;
/// Blocks that are read before they are taken.
const BLOCKS_AHEAD: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_as_rfc_9110_has_them() {
        let part = |first, count| Wanted::Part { first, count };
        for (range, wanted) in [
            (None, Wanted::Whole),
            (Some("bytes=0-499"), part(0, 500)),
            (Some("bytes=500-999"), part(500, 500)),
            (Some("bytes=-500"), part(9_500, 500)),
            (Some("bytes=9500-"), part(9_500, 500)),
            (Some("bytes=9500-99999"), part(9_500, 500)),
            (Some("bytes=0-0"), part(0, 1)),
            (Some("BYTES=0-"), part(0, 10_000)),
            (Some("bytes=-99999"), part(0, 10_000)),
            (Some("bytes=10000-"), Wanted::Nothing),
            (Some("bytes=99999999999999999999999-"), Wanted::Nothing),
            (Some("bytes=-0"), Wanted::Nothing),
            (Some("bytes=5-3"), Wanted::Whole),
            (Some("bytes=0-1,5-6"), Wanted::Whole),
            (Some("bytes=a-b"), Wanted::Whole),
            (Some("bytes=-"), Wanted::Whole),
            (Some("bytes=+1-2"), Wanted::Whole),
            (Some("lines=0-1"), Wanted::Whole),
            (Some("nonsense"), Wanted::Whole),
        ] {
            assert_eq!(asked(range, 10_000), wanted, "{range:?}");
        }
    }

    #[test]
    fn an_empty_file_has_no_range() {
        assert_eq!(asked(Some("bytes=0-"), 0), Wanted::Nothing);
        assert_eq!(asked(Some("bytes=-1"), 0), Wanted::Nothing);
    }
}
