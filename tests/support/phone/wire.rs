//! The phone's SIP socket, UDP or TCP, and the thread that reads it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use sip::{FlowId, Frame, Framer, Source, Transport};
use socket2::{Domain, Protocol, Socket, Type};

use super::Manner;
use super::desk::Input;

pub(super) enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Wire {
    pub(super) fn open(manner: &Manner, inbox: mpsc::Sender<Input>) -> Self {
        let (local, remote) = (manner.address, manner.exchange);
        if manner.transport == Transport::Udp {
            let socket = UdpSocket::bind(local).unwrap();
            let reader = socket.try_clone().unwrap();
            reader
                .set_read_timeout(Some(Duration::from_secs(1)))
                .unwrap();
            thread::spawn(move || read_datagrams(&reader, local, &inbox));
            return Self::Udp(socket);
        }
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&local.into()).unwrap();
        socket.connect(&remote.into()).unwrap();
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true).unwrap();
        let reader = stream.try_clone().unwrap();
        thread::spawn(move || read_stream(reader, local, remote, &inbox));
        Self::Tcp(stream)
    }

    pub(super) fn flow(&self) -> Option<FlowId> {
        matches!(self, Self::Tcp(_)).then_some(FlowId(1))
    }

    /// What cannot be sent is lost, as on the way.
    pub(super) fn send(&mut self, to: SocketAddr, octets: &[u8]) {
        let _ = match self {
            Self::Udp(socket) => socket.send_to(octets, to).map(drop),
            Self::Tcp(stream) => stream.write_all(octets),
        };
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Self::Tcp(stream) = self {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// Reads until the phone is gone; a second of silence lets it look.
fn read_datagrams(socket: &UdpSocket, local: SocketAddr, inbox: &mpsc::Sender<Input>) {
    let mut buffer = vec![0; 65_536];
    loop {
        let (length, remote) = match socket.recv_from(&mut buffer) {
            Ok(read) => read,
            Err(_) if inbox.send(Input::Do(Box::new(|_, _| {}))).is_ok() => continue,
            Err(_) => return,
        };
        let source = Source {
            transport: Transport::Udp,
            local,
            remote,
            flow: None,
        };
        let octets = Bytes::copy_from_slice(&buffer[..length]);
        if inbox.send(Input::Message(source, octets)).is_err() {
            return;
        }
    }
}

fn read_stream(
    mut stream: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    inbox: &mpsc::Sender<Input>,
) {
    let mut framer = Framer::new();
    let mut buffer = vec![0; 65_536];
    let source = Source {
        transport: Transport::Tcp,
        local,
        remote,
        flow: Some(FlowId(1)),
    };
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        framer.push(&buffer[..length]);
        while let Ok(Some(frame)) = framer.next_frame() {
            let Frame::Message(octets) = frame else {
                continue;
            };
            if inbox.send(Input::Message(source, octets)).is_err() {
                return;
            }
        }
    }
}
