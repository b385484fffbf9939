//! How many sockets and files the system lets us have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit of open files to the most that we may have, and returns it. A call with sound
/// takes four sockets a leg and a connection takes one; 1,024, which many systems begin with, is
/// soon used up.
pub fn raise_open_files() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(ENOUGH).min(ENOUGH);
    let current = current.unwrap_or(ENOUGH);
    if current >= most {
        return current;
    }
    let wanted = Rlimit {
        current: Some(most),
        maximum,
    };
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => most,
        Err(_) => current,
    }
}

/// What is open at the same time is never more.
const ENOUGH: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_to_the_most_that_is_allowed() {
        let most = getrlimit(Resource::Nofile).maximum.unwrap_or(ENOUGH);

        assert!(raise_open_files() >= most.min(ENOUGH));
        let now = getrlimit(Resource::Nofile).current;
        assert!(now.is_none_or(|now| now >= most.min(ENOUGH)));
    }
}
