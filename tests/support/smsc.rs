//! A real provider of text messages by SMPP 3.4 on loopback: it lets in who knows its password,
//! answers as the test says, and remembers what it was sent.

use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::BytesMut;
use rusmpp::decode::DecodeWithLength;
use rusmpp::encode::Length;
use rusmpp::encode::owned::Encode;
use rusmpp::pdus::{BindTransceiverResp, DeliverSm, SubmitSm, SubmitSmResp};
use rusmpp::types::OctetString;
use rusmpp::values::{DataCoding, EsmClass, Npi, Ton};
use rusmpp::{Command, CommandStatus, Pdu};

/// What it says to a message.
#[allow(dead_code, reason = "each test binary uses a part of it")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says {
    /// It has it.
    Takes,
    /// It has it not.
    Refuses(u32),
    /// Nothing, and the connection breaks: nobody knows.
    BreaksOff,
    /// Nothing.
    Nothing,
}

/// A real provider of text messages on loopback. It answers in order, and takes all that follow.
pub(crate) struct Smsc {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
    submitted: Mutex<Receiver<(SubmitSm, Option<String>)>>,
}

struct Inner {
    password: String,
    says: Mutex<VecDeque<Says>>,
    tell: Mutex<Sender<(SubmitSm, Option<String>)>>,
    ids: AtomicU32,
    binds: AtomicUsize,
    count: AtomicUsize,
    peers: Mutex<Vec<Arc<Mutex<TcpStream>>>>,
    acknowledged: Mutex<HashMap<u32, Sender<u32>>>,
    sequence: AtomicU32,
    is_over: AtomicBool,
}

impl Smsc {
    pub(crate) fn start(password: &str) -> Self {
        Self::at(([127, 0, 0, 1], 0).into(), password, &[])
    }

    /// One at an address where nobody was before.
    pub(crate) fn at(address: SocketAddr, password: &str, says: &[Says]) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, submitted) = channel();
        let inner = Arc::new(Inner {
            password: password.to_owned(),
            says: Mutex::new(says.iter().copied().collect()),
            tell: Mutex::new(tell),
            ids: AtomicU32::new(0),
            binds: AtomicUsize::new(0),
            count: AtomicUsize::new(0),
            peers: Mutex::default(),
            acknowledged: Mutex::default(),
            sequence: AtomicU32::new(0),
            is_over: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&inner);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if accepting.is_over.load(SeqCst) {
                    return;
                }
                let inner = Arc::clone(&accepting);
                thread::spawn(move || inner.serve(stream));
            }
        });
        Self {
            address,
            inner,
            submitted: Mutex::new(submitted),
        }
    }

    /// How often somebody was let in.
    pub(crate) fn binds(&self) -> usize {
        self.inner.binds.load(SeqCst)
    }

    /// How many messages it was sent.
    pub(crate) fn count(&self) -> usize {
        self.inner.count.load(SeqCst)
    }

    /// What it says to the messages that come next.
    pub(crate) fn will_say(&self, says: &[Says]) {
        self.inner.says.lock().unwrap().extend(says);
    }

    /// The next message that it was sent, and the id that it gave it.
    pub(crate) fn next(&self) -> (SubmitSm, Option<String>) {
        let submitted = self.submitted.lock().unwrap();
        submitted.recv_timeout(PATIENCE).expect("a message")
    }

    /// Hands something over; the status that it is acknowledged with.
    pub(crate) fn delivers(&self, deliver: DeliverSm) -> u32 {
        let acknowledged = self.hands_over(deliver).recv_timeout(PATIENCE);
        acknowledged.expect("an acknowledgement")
    }

    /// The same, without waiting for it.
    pub(crate) fn hands_over(&self, deliver: DeliverSm) -> Receiver<u32> {
        let sequence = self.inner.sequence.fetch_add(1, SeqCst) + 1;
        let (tell, told) = channel();
        let mut acknowledged = self.inner.acknowledged.lock().unwrap();
        acknowledged.insert(sequence, tell);
        drop(acknowledged);
        let peer = self.inner.peers.lock().unwrap().last().cloned();
        send(&peer.expect("somebody who is bound"), 0, sequence, deliver);
        told
    }

    /// What has become of a message.
    pub(crate) fn receipt(&self, id: &str, word: &str) -> u32 {
        let text = format!(
            "id:{id} sub:001 dlvrd:001 submit date:2611300100 done date:2611300101 stat:{word} err:000 text:"
        );
        self.delivers(piece(RECEIPT, 0, text.as_bytes()))
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        self.inner.is_over.store(true, SeqCst);
        for peer in self.inner.peers.lock().unwrap().drain(..) {
            let _ = peer.lock().unwrap().shutdown(std::net::Shutdown::Both);
        }
        // Wakes who accepts, so that the port is free.
        let _ = TcpStream::connect(self.address);
    }
}

impl Inner {
    fn serve(&self, mut reader: TcpStream) {
        let writer = Arc::new(Mutex::new(reader.try_clone().unwrap()));
        while let Some(command) = receive(&mut reader) {
            let sequence = command.sequence_number();
            match command.pdu().cloned() {
                Some(Pdu::BindTransceiver(bind)) => {
                    if bind.password.as_str() != self.password {
                        send(
                            &writer,
                            INVALID_PASSWORD,
                            sequence,
                            BindTransceiverResp::default(),
                        );
                        return;
                    }
                    self.peers.lock().unwrap().push(Arc::clone(&writer));
                    send(&writer, 0, sequence, BindTransceiverResp::default());
                    self.binds.fetch_add(1, SeqCst);
                }
                Some(Pdu::SubmitSm(submit)) => {
                    let goes_on = self.answer(&writer, sequence, submit);
                    if !goes_on {
                        return;
                    }
                }
                Some(Pdu::EnquireLink) => send(&writer, 0, sequence, Pdu::EnquireLinkResp),
                Some(Pdu::Unbind) => {
                    send(&writer, 0, sequence, Pdu::UnbindResp);
                    return;
                }
                Some(Pdu::DeliverSmResp(_)) => {
                    let told = self.acknowledged.lock().unwrap().remove(&sequence);
                    if let Some(told) = told {
                        let _ = told.send(u32::from(command.status()));
                    }
                }
                _ => {}
            }
        }
    }

    /// False when the connection is to break.
    fn answer(&self, writer: &Mutex<TcpStream>, sequence: u32, submit: SubmitSm) -> bool {
        let says = self.says.lock().unwrap().pop_front();
        let says = says.unwrap_or(Says::Takes);
        let id = matches!(says, Says::Takes).then(|| {
            let number = self.ids.fetch_add(1, SeqCst) + 1;
            number.to_string()
        });
        self.count.fetch_add(1, SeqCst);
        let _ = self.tell.lock().unwrap().send((submit, id.clone()));
        match says {
            Says::Takes => {
                let id = id.unwrap_or_default().parse().unwrap();
                let answer = SubmitSmResp::builder().message_id(id).build();
                send(writer, 0, sequence, answer);
            }
            Says::Refuses(status) => send(writer, status, sequence, SubmitSmResp::default()),
            Says::BreaksOff => {
                let _ = writer.lock().unwrap().shutdown(std::net::Shutdown::Both);
                return false;
            }
            Says::Nothing => {}
        }
        true
    }
}

/// A message from 13900139000 to 10690000, or a piece of one.
pub(crate) fn piece(class: u8, coding: u8, data: &[u8]) -> DeliverSm {
    DeliverSm::builder()
        .source_addr_ton(Ton::International)
        .source_addr_npi(Npi::Isdn)
        .source_addr("8613900139000".parse().unwrap())
        .destination_addr("10690000".parse().unwrap())
        .esm_class(EsmClass::from(class))
        .data_coding(DataCoding::from(coding))
        .short_message(OctetString::from_slice(data).unwrap())
        .build()
}

fn receive(reader: &mut TcpStream) -> Option<Command> {
    let mut length = [0; 4];
    reader.read_exact(&mut length).ok()?;
    let mut rest = vec![0; u32::from_be_bytes(length) as usize - 4];
    reader.read_exact(&mut rest).ok()?;
    let length = rest.len();
    let read = Command::decode(&mut BytesMut::from(&rest[..]), length);
    Some(read.expect("a PDU that can be read").0)
}

fn send(writer: &Mutex<TcpStream>, status: u32, sequence: u32, pdu: impl Into<Pdu>) {
    let command = Command::new(CommandStatus::from(status), sequence, pdu);
    let length = command.length() + 4;
    let mut octets = BytesMut::new();
    octets.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
    command.encode(&mut octets);
    let _ = writer.lock().unwrap().write_all(&octets);
}

/// ESME_RINVPASWD.
const INVALID_PASSWORD: u32 = 0x0e;
/// `esm_class` of a receipt.
const RECEIPT: u8 = 0x04;
const PATIENCE: Duration = Duration::from_secs(20);
