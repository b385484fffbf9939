//! How the command line talks to a running exchange: a Unix socket in the data folder that only
//! its owner may open; one line of JSON each way.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::{mpsc, oneshot};

/// What may be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// What runs: generations, calls, registrations, trunks.
    Status,
    /// Load changed files now.
    Reload,
    /// Go back to an earlier generation.
    RollBack {
        /// Whose; the only tenant's when `None`.
        tenant: Option<String>,
        /// Which; the one before when `None`.
        generation: Option<u64>,
    },
    /// What a tenant's plugins may do has changed in the store; its scripts are loaded anew.
    Allowed {
        /// Whose.
        tenant: String,
    },
    /// Users have been changed in the store.
    Users,
    /// Write live calls' journals out, so that they can be read.
    Flush,
}

/// A question and where its answer goes.
pub(crate) type Asked = (Question, oneshot::Sender<Value>);

/// The socket's path.
pub fn path(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Asks a running exchange.
///
/// # Errors
/// When none runs with this data folder, or it does not answer in 30 seconds.
pub fn ask(data: &Path, question: &Question) -> io::Result<Value> {
    let mut socket = UnixStream::connect(path(data))?;
    socket.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut line = serde_json::to_vec(question)?;
    line.push(b'\n');
    socket.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(socket).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

/// Listens for questions and hands them to the exchange, until `questions` is closed.
///
/// # Errors
/// When the socket cannot be made, or another exchange answers on it.
pub(crate) fn listen(data: &Path, questions: mpsc::Sender<Asked>) -> io::Result<()> {
    let path = path(data);
    if UnixStream::connect(&path).is_ok() {
        let what = format!("another exchange runs with {}", data.display());
        return Err(io::Error::new(io::ErrorKind::AddrInUse, what));
    }
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let questions = questions.clone();
            // One line each way and done: a peer that says nothing is dropped after a while.
            tokio::spawn(async move {
                let served = serve(socket, &questions);
                let _ = tokio::time::timeout(Duration::from_secs(30), served).await;
            });
        }
    });
    Ok(())
}

async fn serve(socket: tokio::net::UnixStream, questions: &mpsc::Sender<Asked>) -> io::Result<()> {
    let (reader, mut writer) = socket.into_split();
    let mut line = String::new();
    tokio::io::BufReader::new(reader.take(LONGEST))
        .read_line(&mut line)
        .await?;
    let question: Question = serde_json::from_str(&line)?;
    let (tell, answer) = oneshot::channel();
    if questions.send((question, tell)).await.is_err() {
        return Ok(());
    }
    if let Ok(answer) = answer.await {
        let mut line = serde_json::to_vec(&answer)?;
        line.push(b'\n');
        writer.write_all(&line).await?;
    }
    Ok(())
}

/// Octets of a question.
const LONGEST: u64 = 4096;
