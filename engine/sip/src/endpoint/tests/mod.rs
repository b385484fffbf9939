//! Two endpoints and a network between them, in simulated time.

#![allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]

mod calls;
mod cancel;
mod challenges;
mod doors;
mod doubts;
mod failover;
mod forks;
mod late_offer;
mod offers;
mod pair;
mod random;
mod reliable;
mod replaces;
mod restarts;
mod routing;
mod subscriber;
mod subscriptions;
mod texts;
mod timers;
mod transfers;
mod transfers_outside;
