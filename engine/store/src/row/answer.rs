//! Answers to requests that may be repeated: each is done once.

/// The beginning of a request that may be repeated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AnswerClaim {
    /// The enterprise number.
    pub tenant: String,
    /// Whose request it is.
    pub token: String,
    /// What the requester calls it.
    pub key: String,
    /// SHA-256 of what is asked for.
    pub request: [u8; 32],
    /// Tells this run of the exchange from others.
    pub run: i64,
    /// When it came.
    pub at: i64,
    /// Answers from before this time are forgotten.
    pub forget_before: i64,
}

/// What came of a claim.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Claimed {
    /// It is new: do it, then say what was answered.
    New,
    /// It is being done.
    Running,
    /// It was begun when the exchange stopped: nobody knows what became of it.
    Unknown,
    /// It was done, and answered so.
    Answered(Answer),
    /// Something else was asked for under this key.
    Different,
}

/// What was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The Content-Type.
    pub kind: String,
    /// The Location, where it has one.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}
