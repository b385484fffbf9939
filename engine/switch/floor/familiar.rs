//! Who of the agents knows a caller: whoever answered their number last.

use std::collections::{BTreeMap, HashMap};

use call::acd::AgentId;

/// Numbers and the agents who answered them last, as many as are read from the records at the start.
/// The number that has not been heard of for longest is forgotten where there would be more.
#[derive(Debug, Default)]
pub(super) struct Familiar {
    agents: HashMap<String, (u64, AgentId)>,
    /// By when it was answered.
    by_age: BTreeMap<u64, String>,
    count: u64,
}

impl Familiar {
    /// From the records, the latest first.
    pub(super) fn new(latest_first: Vec<(String, String)>) -> Self {
        let mut familiar = Self::default();
        for (number, agent) in latest_first.into_iter().rev() {
            familiar.note(&number, AgentId::from(agent.as_str()));
        }
        familiar
    }

    /// This agent has answered that number.
    pub(super) fn note(&mut self, number: &str, agent: AgentId) {
        self.count += 1;
        let before = self.agents.insert(number.to_owned(), (self.count, agent));
        if let Some((at, _)) = before {
            self.by_age.remove(&at);
        }
        self.by_age.insert(self.count, number.to_owned());
        if self.by_age.len() > store::MOST_FAMILIAR
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.agents.remove(&oldest);
        }
    }

    /// Who answered that number last.
    pub(super) fn of(&self, number: &str) -> Option<AgentId> {
        self.agents.get(number).map(|(_, agent)| agent.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_that_was_answered_longest_ago_is_forgotten_first() {
        let pair = |number: usize| (number.to_string(), "1049".to_owned());
        let mut familiar = Familiar::new((0..store::MOST_FAMILIAR).rev().map(pair).collect());

        familiar.note("0", "1050".into());
        familiar.note("new", "1051".into());

        assert_eq!(familiar.of("0"), Some("1050".into()));
        assert_eq!(familiar.of("new"), Some("1051".into()));
        assert_eq!(familiar.of("1"), None);
        assert_eq!(familiar.of("2"), Some("1049".into()));
    }
}
