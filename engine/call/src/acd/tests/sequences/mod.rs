//! Whatever comes, in whatever order, and whatever is lost on the way: the promises of A.4 hold.
//!
//! A plain run goes through a million sequences, each from a seed of its own: a few events mostly,
//! hundreds now and then, and then everybody is served. `ACD_SEQUENCES` sets another number, and
//! `ACD_SEED` the first seed. The seeds are printed whatever the harness captures; a promise that is
//! broken, and a machine that panics, name theirs and the command that lives it again.

mod chance;
mod turns;
mod world;

use std::io::Write as _;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::start;
use chance::Plans;
use world::World;

#[test]
fn random_sequences_break_no_promise() {
    let count = number("ACD_SEQUENCES").unwrap_or(1_000_000);
    let first = number("ACD_SEED").unwrap_or(1);
    let seeds = Seeds {
        next: AtomicU64::new(first),
        end: first.saturating_add(count),
    };
    let began = start();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let seen = thread::scope(|scope| {
        let lives: Vec<_> = (0..threads).map(|_| scope.spawn(|| live(&seeds))).collect();
        let seen = lives
            .into_iter()
            .map(|life| life.join().unwrap_or_else(|panic| resume_unwind(panic)));
        seen.fold(Seen::default(), Seen::and)
    });
    let told = format!(
        "agents and queues: {count} random sequences, seeds {first} to {}, in {:.1} s: {seen:?}\n",
        seeds.end - 1,
        began.elapsed().as_secs_f32(),
    );
    // Not by `println!`: who sees that all is well is to see which seeds it rests on.
    std::io::stderr().write_all(told.as_bytes()).unwrap();

    assert!(count < 1_000_000 || seen.decisions > 100_000);
    // The sequences must reach what they are to prove.
    if count < ENOUGH {
        return;
    }
    for (reached, of) in [
        (seen.offers, "offers"),
        (seen.answers, "answers"),
        (seen.crossed, "answers that crossed a withdrawal"),
        (seen.lost, "ends of calls that were lost"),
        (seen.asked, "questions to a script"),
        (seen.gone, "callers who hung up"),
        (seen.timeouts, "phones that rang out"),
        (seen.reloads, "new plans"),
        (seen.widened, "skills that were given up"),
        (seen.chats, "chats that were offered"),
        (seen.barred, "agents who could not or might not yet"),
    ] {
        assert!(reached > count / 100, "{reached} {of}");
    }
    let rare = seen.returned;
    assert!(
        rare > count / 1_000,
        "{rare} chats with who takes no new ones"
    );
}

/// Lives sequences until there is none left.
fn live(seeds: &Seeds) -> Seen {
    let mut seen = Seen::default();
    let mut plans = Plans::default();
    while let Some(seed) = seeds.take() {
        let _told = ToldOnPanic { seed, seeds };
        let mut world = World::new(seed, &mut plans, std::mem::take(&mut seen));
        for _ in 0..events_of(seed) {
            world.step(&mut plans);
        }
        world.serve_everybody();
        seen = world.seen;
    }
    seen
}

/// Most lives are short, so that there are many; a few are long enough for rare meetings.
fn events_of(seed: u64) -> u64 {
    match seed % 500 {
        0 => 400,
        few => 4 + few % 37,
    }
}

/// The seeds that no thread has taken yet.
struct Seeds {
    next: AtomicU64,
    end: u64,
}

impl Seeds {
    fn take(&self) -> Option<u64> {
        let seed = self.next.fetch_add(1, Ordering::Relaxed);
        (seed < self.end).then_some(seed)
    }
}

/// Names the seed of a sequence that broke, and lets the other threads come to an end.
struct ToldOnPanic<'s> {
    seed: u64,
    seeds: &'s Seeds,
}

impl Drop for ToldOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.seeds.next.store(self.seeds.end, Ordering::Relaxed);
            eprintln!("{}", rerun(self.seed));
        }
    }
}

/// How to live one sequence again.
fn rerun(seed: u64) -> String {
    format!(
        "seed {seed}; once more: ACD_SEED={seed} ACD_SEQUENCES=1 \
         cargo test -p moonswitch-call --lib random_sequences_break_no_promise"
    )
}

/// How often the sequences came to what they are to prove.
#[derive(Debug, Default)]
struct Seen {
    events: u64,
    offers: u64,
    answers: u64,
    crossed: u64,
    lost: u64,
    asked: u64,
    gone: u64,
    timeouts: u64,
    reloads: u64,
    decisions: u64,
    widened: u64,
    barred: u64,
    chats: u64,
    returned: u64,
}

impl Seen {
    fn and(self, other: Self) -> Self {
        Self {
            events: self.events + other.events,
            offers: self.offers + other.offers,
            answers: self.answers + other.answers,
            crossed: self.crossed + other.crossed,
            lost: self.lost + other.lost,
            asked: self.asked + other.asked,
            gone: self.gone + other.gone,
            timeouts: self.timeouts + other.timeouts,
            reloads: self.reloads + other.reloads,
            decisions: self.decisions + other.decisions,
            widened: self.widened + other.widened,
            barred: self.barred + other.barred,
            chats: self.chats + other.chats,
            returned: self.returned + other.returned,
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Fewer sequences may miss some of what is to be reached.
const ENOUGH: u64 = 10_000;
