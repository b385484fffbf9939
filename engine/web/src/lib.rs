//! HTTP: health, readiness and metrics. Knows nothing of Lua.

mod health;
mod server;

pub use health::Health;
pub use server::serve;
