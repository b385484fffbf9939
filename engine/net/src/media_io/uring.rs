//! The io_uring back end: one system call a tick brings all packets and another sends all.
//!
//! The only module with `unsafe`: the kernel reads and writes memory that we own while we do
//! other things, and no safe crate offers multishot `recvmsg` into a buffer ring. What must hold,
//! and why it does:
//! - memory of the buffer ring and of its buffers lives as long as the ring: `Uring` owns them,
//!   never moves them (boxes and one allocation), and its ring is dropped first;
//! - a buffer is given back to the kernel only after its packet has been handled;
//! - octets and addresses of packets being sent stay where they are until the kernel has reported
//!   each of them: `send` does not return before;
//! - file descriptors are used only between `add` and `remove` of their slot; a receive that is
//!   under way holds its own reference to the file and is cancelled by `remove`.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::types::{BufRingEntry, Fd};
use io_uring::{IoUring, cqueue, opcode, squeue};

use super::outbox::Outbox;
use super::sockets::Slot;

/// Says whether this kernel has what we use (Linux 6.1).
pub(super) fn probe() -> io::Result<()> {
    Uring::new().map(drop)
}

/// Receives and sends in batches.
pub(super) struct Uring {
    // Dropped first: the kernel forgets our memory before it is freed.
    ring: IoUring,
    buffers: BufferRing,
    /// What a multishot receive is told: room for a peer's address, no control data.
    header: Box<libc::msghdr>,
    /// By slot.
    receivers: Vec<Receiver>,
    /// Destinations of the batch that is being sent.
    destinations: Box<[libc::sockaddr_storage; BATCH]>,
    /// Completed receives that have not been handled yet.
    arrived: Vec<cqueue::Entry>,
    /// Sends that the kernel has not reported yet.
    outstanding: usize,
    unsent: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Receiver {
    fd: RawFd,
    /// Counts the users of the slot, so that late completions of the last one are known.
    life: u32,
    live: bool,
}

impl Uring {
    pub(super) fn new() -> io::Result<Self> {
        let ring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_cqsize(COMPLETIONS)
            .build(BATCH as u32)?;
        let buffers = BufferRing::new();
        // SAFETY: the entries live in `buffers`, which `Uring` drops after the ring.
        unsafe {
            ring.submitter().register_buf_ring_with_flags(
                buffers.entries as u64,
                BUFFERS,
                GROUP,
                0,
            )?;
        }
        // SAFETY: both are plain C structs for which all zeroes is a value.
        let (mut header, destinations) = unsafe {
            (
                Box::new(zeroed::<libc::msghdr>()),
                Box::new(zeroed::<[libc::sockaddr_storage; BATCH]>()),
            )
        };
        header.msg_namelen = NAME as u32;
        Ok(Self {
            ring,
            buffers,
            header,
            receivers: Vec::new(),
            destinations,
            arrived: Vec::with_capacity(COMPLETIONS as usize),
            outstanding: 0,
            unsent: 0,
        })
    }

    pub(super) fn add(&mut self, slot: Slot, socket: &UdpSocket) -> io::Result<()> {
        let index = slot as usize;
        if self.receivers.len() <= index {
            self.receivers.resize(index + 1, Receiver::default());
        }
        let receiver = &mut self.receivers[index];
        receiver.fd = socket.as_raw_fd();
        receiver.life = receiver.life.wrapping_add(1) & LIFE_MASK;
        receiver.live = true;
        self.arm(slot)
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        let Some(receiver) = self.receivers.get_mut(slot as usize) else {
            return;
        };
        receiver.live = false;
        let cancel = opcode::AsyncCancel::new(key(slot, receiver.life))
            .build()
            .user_data(CANCELLED);
        // The kernel lets go of the socket when it has run what it put off, and a thread that has just
        // given its last leg away does not ask it to again.
        let flags = libc_getevents();
        if let Err(error) = self.push(&cancel).and_then(|()| self.enter(0, flags)) {
            tracing::error!(%error, "cannot stop watching a media socket");
        }
    }

    /// Hands over every packet that has come.
    pub(super) fn receive(&mut self, each: &mut dyn FnMut(Slot, SocketAddr, &mut [u8])) {
        // Kernels since 6.13 look at so many sockets a call and no more: without asking again, what
        // the others have would wait for the ticks to come, the longer the more legs there are.
        for _ in 0..MOST_LOOKS {
            if let Err(error) = self.enter(0, libc_getevents()) {
                tracing::error!(%error, "io_uring_enter");
            }
            self.reap();
            let mut arrived = std::mem::take(&mut self.arrived);
            let came = arrived.len();
            for entry in arrived.drain(..) {
                self.handle_received(&entry, each);
            }
            self.arrived = arrived;
            self.buffers.publish();
            if came < LOOKED_AT_ONCE {
                break;
            }
        }
    }

    /// Sends everything; returns how many packets the kernel did not take.
    pub(super) fn send(&mut self, outbox: &Outbox) -> u64 {
        self.unsent = 0;
        for batch in outbox.packets().chunks(BATCH) {
            for (index, packet) in batch.iter().enumerate() {
                let Some(receiver) = self
                    .receivers
                    .get(packet.slot as usize)
                    .filter(|receiver| receiver.live)
                else {
                    continue;
                };
                let octets = outbox.octets(packet);
                let length = write_address(packet.to, &mut self.destinations[index]);
                let send = opcode::Send::new(Fd(receiver.fd), octets.as_ptr(), octets.len() as u32)
                    .flags(libc::MSG_DONTWAIT)
                    .dest_addr((&raw const self.destinations[index]).cast())
                    .dest_addr_len(length)
                    .build()
                    .user_data(SENT);
                match self.push(&send) {
                    Ok(()) => self.outstanding += 1,
                    Err(_) => self.unsent += 1,
                }
            }
            self.settle();
        }
        self.unsent
    }

    /// Submits and waits until the kernel is done with our octets. With `MSG_DONTWAIT` it is done
    /// when the submission returns, so this loops once.
    fn settle(&mut self) {
        while self.outstanding > 0 {
            if let Err(error) = self.enter(0, 0) {
                tracing::error!(%error, "io_uring_enter");
            }
            self.reap();
            if self.outstanding > 0 {
                let _ = self.enter(1, libc_getevents());
                self.reap();
            }
        }
    }

    fn arm(&mut self, slot: Slot) -> io::Result<()> {
        let receiver = self.receivers[slot as usize];
        let receive = opcode::RecvMsgMulti::new(Fd(receiver.fd), &raw const *self.header, GROUP)
            .build()
            .user_data(key(slot, receiver.life));
        self.push(&receive)
    }

    /// Queues an operation; submits first where the queue is full.
    fn push(&mut self, entry: &squeue::Entry) -> io::Result<()> {
        // SAFETY: what the entries point to is owned by `self` or, for sends, outlives `settle`.
        if unsafe { self.ring.submission().push(entry) }.is_ok() {
            return Ok(());
        }
        self.enter(0, 0)?;
        // SAFETY: as above.
        unsafe { self.ring.submission().push(entry) }
            .map_err(|_| io::Error::other("the submission queue stays full"))
    }

    fn enter(&mut self, wait_for: u32, flags: u32) -> io::Result<()> {
        let waiting = self.ring.submission().len() as u32;
        if waiting == 0 && wait_for == 0 && flags == 0 {
            return Ok(());
        }
        // SAFETY: no argument is passed; the entries are sound, see `push`.
        let entered = unsafe {
            self.ring
                .submitter()
                .enter::<libc::sigset_t>(waiting, wait_for, flags, None)
        };
        match entered {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            // Completions overflowed; reaping makes room.
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sorts completions: sends are counted off, receives are kept for [`receive`](Self::receive).
    fn reap(&mut self) {
        for entry in self.ring.completion() {
            match entry.user_data() {
                SENT => {
                    self.outstanding -= 1;
                    self.unsent += u64::from(entry.result() < 0);
                }
                CANCELLED => {}
                _ => self.arrived.push(entry),
            }
        }
    }

    fn handle_received(
        &mut self,
        entry: &cqueue::Entry,
        each: &mut dyn FnMut(Slot, SocketAddr, &mut [u8]),
    ) {
        let slot = entry.user_data() as Slot;
        let life = (entry.user_data() >> 32) as u32;
        let current = self
            .receivers
            .get(slot as usize)
            .is_some_and(|receiver| receiver.live && receiver.life == life);
        if let Some(buffer) = cqueue::buffer_select(entry.flags()) {
            if current && entry.result() > 0 {
                let octets = self.buffers.octets(buffer, entry.result() as usize);
                if let Some((from, packet)) = split(octets) {
                    each(slot, from, packet);
                }
            }
            self.buffers.give_back(buffer);
        }
        if current && !cqueue::more(entry.flags()) {
            // Ended: an ICMP error, or all buffers were full. Begin again.
            if let Err(error) = self.arm(slot) {
                tracing::error!(%error, "cannot watch a media socket again");
            }
        }
    }
}

/// Memory into which the kernel puts packets.
struct BufferRing {
    entries: *mut BufRingEntry,
    octets: Box<[u8]>,
    tail: u16,
}

impl BufferRing {
    fn new() -> Self {
        // SAFETY: the layout is not of size zero.
        let entries = unsafe { alloc_zeroed(Self::layout()) }.cast::<BufRingEntry>();
        if entries.is_null() {
            handle_alloc_error(Self::layout());
        }
        let mut ring = Self {
            entries,
            octets: vec![0; usize::from(BUFFERS) * BUFFER].into_boxed_slice(),
            tail: 0,
        };
        for buffer in 0..BUFFERS {
            ring.give_back(buffer);
        }
        ring.publish();
        ring
    }

    fn octets(&mut self, buffer: u16, length: usize) -> &mut [u8] {
        let start = usize::from(buffer) * BUFFER;
        &mut self.octets[start..start + length.min(BUFFER)]
    }

    /// Writes the entry; the kernel sees it after [`publish`](Self::publish).
    fn give_back(&mut self, buffer: u16) {
        let address = (&raw mut self.octets[usize::from(buffer) * BUFFER]) as u64;
        let index = usize::from(self.tail & (BUFFERS - 1));
        // SAFETY: `index` is below BUFFERS, the number of entries allocated; the kernel does not
        // read entries beyond the published tail.
        let entry = unsafe { &mut *self.entries.add(index) };
        entry.set_addr(address);
        entry.set_len(BUFFER as u32);
        entry.set_bid(buffer);
        self.tail = self.tail.wrapping_add(1);
    }

    fn publish(&mut self) {
        // SAFETY: `tail` is a u16 inside the first entry, aligned to two, shared with the kernel
        // only, which reads it with acquire.
        let tail = unsafe { &*BufRingEntry::tail(self.entries).cast::<AtomicU16>() };
        tail.store(self.tail, Ordering::Release);
    }

    fn layout() -> Layout {
        Layout::from_size_align(usize::from(BUFFERS) * size_of::<BufRingEntry>(), PAGE)
            .expect("a power of two above the size of an entry")
    }
}

impl Drop for BufferRing {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with the same layout.
        unsafe { dealloc(self.entries.cast(), Self::layout()) }
    }
}

/// Takes the kernel's `io_uring_recvmsg_out`, the address and the packet apart.
fn split(octets: &mut [u8]) -> Option<(SocketAddr, &mut [u8])> {
    let (head, packet) = octets.split_at_mut_checked(OUT + NAME)?;
    let word = |at: usize| -> Option<u32> {
        Some(u32::from_ne_bytes(head.get(at..at + 4)?.try_into().ok()?))
    };
    let (payload, flags) = (word(8)? as usize, word(12)?);
    if flags & libc::MSG_TRUNC as u32 != 0 || payload > packet.len() {
        return None;
    }
    let from = read_address(head.get(OUT..)?)?;
    Some((from, packet.get_mut(..payload)?))
}

/// Reads a `sockaddr_in` or `sockaddr_in6`.
fn read_address(octets: &[u8]) -> Option<SocketAddr> {
    let family = u16::from_ne_bytes(octets.get(..2)?.try_into().ok()?);
    let port = u16::from_be_bytes(octets.get(2..4)?.try_into().ok()?);
    let ip: IpAddr = match i32::from(family) {
        libc::AF_INET => Ipv4Addr::from(<[u8; 4]>::try_from(octets.get(4..8)?).ok()?).into(),
        libc::AF_INET6 => Ipv6Addr::from(<[u8; 16]>::try_from(octets.get(8..24)?).ok()?).into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// Writes a `sockaddr_in` or `sockaddr_in6` and returns its length.
fn write_address(address: SocketAddr, storage: &mut libc::sockaddr_storage) -> libc::socklen_t {
    match address {
        SocketAddr::V4(address) => {
            // SAFETY: a sockaddr_storage is large and aligned enough for every socket address.
            let out = unsafe { &mut *(&raw mut *storage).cast::<libc::sockaddr_in>() };
            out.sin_family = libc::AF_INET as libc::sa_family_t;
            out.sin_port = address.port().to_be();
            out.sin_addr.s_addr = u32::from_ne_bytes(address.ip().octets());
            size_of::<libc::sockaddr_in>() as libc::socklen_t
        }
        SocketAddr::V6(address) => {
            // SAFETY: as above.
            let out = unsafe { &mut *(&raw mut *storage).cast::<libc::sockaddr_in6>() };
            out.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            out.sin6_port = address.port().to_be();
            out.sin6_flowinfo = 0;
            out.sin6_addr.s6_addr = address.ip().octets();
            out.sin6_scope_id = address.scope_id();
            size_of::<libc::sockaddr_in6>() as libc::socklen_t
        }
    }
}

fn key(slot: Slot, life: u32) -> u64 {
    u64::from(slot) | u64::from(life) << 32
}

/// IORING_ENTER_GETEVENTS.
fn libc_getevents() -> u32 {
    1
}

/// Operations in one submission.
const BATCH: usize = 256;
/// Completions that fit before the kernel keeps the rest to itself: two ticks of 4,000 legs.
const COMPLETIONS: u32 = 4096;
/// The kernel's IO_LOCAL_TW_DEFAULT_MAX.
const LOOKED_AT_ONCE: usize = 20;
/// Looks in a tick: some 5,000 sockets. A flood must not keep a tick from its end.
const MOST_LOOKS: usize = 256;
/// Packets that can wait between two ticks; a power of two.
const BUFFERS: u16 = 1024;
/// One of them: an Ethernet frame's worth behind the header and the address.
const BUFFER: usize = 1600;
const GROUP: u16 = 0;
const PAGE: usize = 4096;
/// `struct io_uring_recvmsg_out`: four 32-bit words.
const OUT: usize = 16;
/// Room for the longer of the two socket addresses, a multiple of four.
const NAME: usize = size_of::<libc::sockaddr_in6>();
const LIFE_MASK: u32 = 0x3fff_ffff;
const SENT: u64 = 1 << 63;
const CANCELLED: u64 = 1 << 62;

#[cfg(test)]
mod tests;
