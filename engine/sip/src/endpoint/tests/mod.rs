//! Two endpoints and a network between them, in simulated time.

#![allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]

mod calls;
mod pair;
