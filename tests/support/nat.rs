//! A router between one phone and the exchange, which forgets through which port it let the phone out.

use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The router. It forwards SIP by UDP until it is dropped; sound goes past it.
#[derive(Debug)]
pub(crate) struct Nat {
    inside: UdpSocket,
    state: Arc<Mutex<State>>,
    exchange: SocketAddr,
}

#[derive(Debug)]
struct State {
    /// The socket that the exchange sees.
    outside: Arc<UdpSocket>,
    phone: Option<SocketAddr>,
    is_over: bool,
}

impl Nat {
    /// One at this address, in front of that exchange.
    pub(crate) fn start(at: SocketAddr, exchange: SocketAddr) -> Self {
        let inside = socket(at);
        let outside = Arc::new(socket(SocketAddr::new(at.ip(), 0)));
        let state = Arc::new(Mutex::new(State {
            outside: outside.clone(),
            phone: None,
            is_over: false,
        }));
        let nat = Self {
            inside: inside.try_clone().unwrap(),
            state: state.clone(),
            exchange,
        };
        nat.let_in(outside);
        thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            loop {
                let read = inside.recv_from(&mut buffer);
                let mut state = state.lock().unwrap();
                if state.is_over {
                    return;
                }
                let Ok((length, phone)) = read else { continue };
                state.phone = Some(phone);
                let _ = state.outside.send_to(&buffer[..length], exchange);
            }
        });
        nat
    }

    /// Where the phone finds the exchange.
    pub(crate) fn address(&self) -> SocketAddr {
        self.inside.local_addr().unwrap()
    }

    /// Where the exchange sees the phone.
    pub(crate) fn outside(&self) -> SocketAddr {
        self.state.lock().unwrap().outside.local_addr().unwrap()
    }

    /// Lets the phone out by another port from now on; what comes to the old one is lost.
    pub(crate) fn forgets(&self) {
        let outside = Arc::new(socket(SocketAddr::new(self.address().ip(), 0)));
        self.state.lock().unwrap().outside = outside.clone();
        self.let_in(outside);
    }

    fn let_in(&self, outside: Arc<UdpSocket>) {
        let inside = self.inside.try_clone().unwrap();
        let (state, exchange) = (self.state.clone(), self.exchange);
        thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            loop {
                let read = outside.recv_from(&mut buffer);
                let state = state.lock().unwrap();
                if state.is_over || !Arc::ptr_eq(&state.outside, &outside) {
                    return;
                }
                if let (Ok((length, from)), Some(phone)) = (read, state.phone)
                    && from == exchange
                {
                    let _ = inside.send_to(&buffer[..length], phone);
                }
            }
        });
    }
}

impl Drop for Nat {
    fn drop(&mut self) {
        if let Ok(mut state) = self.state.lock() {
            state.is_over = true;
        }
    }
}

/// A socket whose readers look up now and then.
fn socket(at: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind(at).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    socket
}
