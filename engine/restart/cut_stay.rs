//! The end of a stay in a queue that was cut: the queue log of its call says how far it had come.

use store::{CallBegin, EpisodeRow, FloorNotes, OfferRow, QueueLogRow};
use uuid::Uuid;

/// What is to be written of a call that waited in a queue when the exchange was cut, at this time:
/// the end of its stay, and of what was offered. `lines` are the log's, oldest first. `None` when it
/// waited nowhere.
pub(super) fn end(begin: &CallBegin, lines: &[QueueLogRow], at: i64) -> Option<FloorNotes> {
    let (mut stay, mut before) = (None, 0);
    for line in lines {
        match (line.kind.as_str(), &mut stay) {
            ("entered", _) => stay = Some(Stay::begin(line, before)),
            ("offered", Some(stay)) => stay.rings.push(line.clone()),
            ("offer_ended", Some(stay)) => stay.offer_ended(line),
            ("left", _) => {
                before = match line.why.as_deref() {
                    Some("overflow") => before + line.lasted.unwrap_or_default(),
                    _ => 0,
                };
                stay = None;
            }
            _ => {}
        }
    }
    let mut stay = stay?;
    let at = at.max(lines.last()?.at);
    let mut notes = FloorNotes::default();
    for rings in std::mem::take(&mut stay.rings) {
        let line = QueueLogRow {
            id: Uuid::now_v7(),
            at,
            kind: "offer_ended".to_owned(),
            why: Some(CUT.to_owned()),
            lasted: Some(at - rings.at),
            ..rings
        };
        stay.offer_ended(&line);
        notes.log.push(line);
    }
    let waited = at - stay.entered.at;
    notes.log.push(QueueLogRow {
        id: Uuid::now_v7(),
        at,
        kind: "left".to_owned(),
        why: Some(CUT.to_owned()),
        position: None,
        lasted: Some(waited),
        ..stay.entered.clone()
    });
    notes.episodes.push(EpisodeRow {
        id: Uuid::now_v7(),
        call: begin.id,
        queue: stay.entered.queue.unwrap_or_default(),
        entered_at: stay.entered.at,
        position: stay.entered.position.unwrap_or(1),
        priority: 0,
        offers: stay.offers,
        outcome: CUT.to_owned(),
        waited,
        waited_before: stay.before,
        agent: None,
    });
    Some(notes)
}

struct Stay {
    entered: QueueLogRow,
    before: i64,
    /// Offers that are not over.
    rings: Vec<QueueLogRow>,
    offers: Vec<OfferRow>,
}

impl Stay {
    fn begin(entered: &QueueLogRow, before: i64) -> Self {
        Self {
            entered: entered.clone(),
            before,
            rings: Vec::new(),
            offers: Vec::new(),
        }
    }

    fn offer_ended(&mut self, line: &QueueLogRow) {
        self.rings.retain(|rings| rings.agent != line.agent);
        self.offers.push(OfferRow {
            agent: line.agent.clone().unwrap_or_default(),
            at: line.at - line.lasted.unwrap_or_default(),
            ended_at: line.at,
            why: line.why.clone().unwrap_or_default(),
        });
    }
}

/// How offers and stays end that a failure has cut.
const CUT: &str = "cut";
