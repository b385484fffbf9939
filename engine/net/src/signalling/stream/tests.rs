//! Connections that are idle, drip, or do not read, in simulated time.

use tokio::io::DuplexStream;
use tokio::task::JoinHandle;

use super::*;

const OPTIONS: &str = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bK1\r\n\
    From: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: e\r\nCSeq: 1 OPTIONS\r\n\
    Content-Length: 0\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn who_says_nothing_assert_cut_off_after_half_a_minute() {
    let peer = Peer::new().await;

    peer.assert_cut_off_after(30).await;
}

#[tokio::test(start_paused = true)]
async fn pings_alone_keep_no_stranger() {
    let mut peer = Peer::new().await;
    tokio::time::advance(Duration::from_secs(20)).await;

    peer.say("\r\n\r\n").await;

    assert_eq!(peer.hear().await, "\r\n");
    peer.assert_cut_off_after(10).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_drips_assert_cut_off_after_half_a_minute() {
    let mut peer = Peer::new().await;
    peer.say(OPTIONS).await;
    peer.message().await;

    for octet in OPTIONS.split("").skip(1).take(29) {
        peer.say(octet).await;
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    peer.say("x").await;

    peer.assert_cut_off_after(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_connection_that_is_always_amid_a_message_goes_on() {
    let mut peer = Peer::new().await;
    let (head, tail) = OPTIONS.split_at(40);
    peer.say(head).await;

    for _ in 0..10 {
        tokio::time::advance(Duration::from_secs(20)).await;
        peer.say(&format!("{tail}{head}")).await;
        assert_eq!(peer.message().await, OPTIONS);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_that_has_spoken_assert_cut_off_after_a_minute() {
    for answer in ["100 Trying", "401 Unauthorized", "200 OK"] {
        let mut peer = Peer::new().await;
        peer.say(OPTIONS).await;
        peer.message().await;

        peer.answer(answer).await;

        peer.assert_cut_off_after(60).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_let_in_may_be_silent_for_two_hours() {
    for answer in ["180 Ringing", "200 OK"] {
        let mut peer = Peer::new().await;
        let invite = OPTIONS.replace("OPTIONS", "INVITE");
        peer.say(&invite).await;
        peer.message().await;
        tokio::time::advance(Duration::from_secs(50)).await;

        peer.answer_to(&invite, answer).await;

        peer.assert_cut_off_after(2 * 3600 - 50).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_pings_of_who_was_let_in_keep_its_connection() {
    let mut peer = Peer::new().await;
    let register = OPTIONS.replace("OPTIONS", "REGISTER");
    peer.say(&register).await;
    peer.message().await;
    peer.answer_to(&register, "200 OK").await;

    for _ in 0..5 {
        tokio::time::advance(Duration::from_secs(3600)).await;
        peer.say("\r\n\r\n").await;
        assert_eq!(peer.hear().await, "\r\n");
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_assert_cut_off_after_half_a_minute() {
    let mut peer = Peer::new().await;
    peer.say(OPTIONS).await;
    peer.message().await;

    peer.queue.send(vec![b'x'; 2 * PIPE].into()).await.unwrap();

    let begun = Instant::now();
    peer.task.await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_boundaries_ends_the_connection() {
    let mut peer = Peer::new().await;

    peer.say("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: many\r\n\r\n")
        .await;

    peer.assert_cut_off_after(0).await;
}

/// The far end of a connection.
struct Peer {
    end: DuplexStream,
    queue: mpsc::Sender<Bytes>,
    news: mpsc::Receiver<News>,
    task: JoinHandle<()>,
}

impl Peer {
    async fn new() -> Self {
        let (end, ours) = tokio::io::duplex(PIPE);
        let (reader, writer) = tokio::io::split(ours);
        let (queue, outgoing) = mpsc::channel(4);
        let (tell, news) = mpsc::channel(4);
        let source = Source {
            transport: Transport::Tcp,
            local: ([127, 0, 0, 1], 5060).into(),
            remote: ([127, 0, 0, 2], 40_000).into(),
            flow: Some(FlowId(1)),
        };
        let task = tokio::spawn(async move {
            talk(
                reader,
                writer,
                source,
                outgoing,
                &tell,
                &AtomicBool::new(false),
            )
            .await;
        });
        settle().await;
        Self {
            end,
            queue,
            news,
            task,
        }
    }

    async fn say(&mut self, text: &str) {
        self.end.write_all(text.as_bytes()).await.unwrap();
        settle().await;
    }

    async fn hear(&mut self) -> String {
        let mut octets = vec![0; PIPE];
        let length = self.end.read(&mut octets).await.unwrap();
        String::from_utf8(octets[..length].to_vec()).unwrap()
    }

    async fn message(&mut self) -> String {
        match self.news.recv().await {
            Some(News::Message { octets, .. }) => String::from_utf8(octets.to_vec()).unwrap(),
            _ => panic!("no message"),
        }
    }

    async fn answer(&mut self, status: &str) {
        self.answer_to(OPTIONS, status).await;
    }

    async fn answer_to(&mut self, request: &str, status: &str) {
        let (_, head) = request.split_once("\r\n").unwrap();
        let answer = format!("SIP/2.0 {status}\r\n{head}");
        self.queue.send(answer.clone().into()).await.unwrap();
        assert_eq!(self.hear().await, answer);
    }

    async fn assert_cut_off_after(self, seconds: u64) {
        let Self {
            task,
            end: _end,
            queue: _queue,
            news: _news,
        } = self;
        let begun = Instant::now();
        task.await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), seconds);
    }
}

/// Lets the connection do what it can before time goes on.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

/// Octets that may be on their way.
const PIPE: usize = 4_096;
