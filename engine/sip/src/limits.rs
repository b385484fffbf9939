//! How much of a message is read before it is refused; strangers choose none of these sizes.

/// Longest message, head and body, in octets.
pub const MESSAGE: usize = 64 * 1024;
/// Most header fields in one message.
pub const HEADERS: usize = 256;
/// Longest header field, name and value and folds, in octets.
pub const HEADER: usize = 8 * 1024;
/// Most Via values, and most Route or Record-Route values, in one message.
pub const HOPS: usize = 100;
/// Longest start line, in octets.
pub const START_LINE: usize = HEADER;
