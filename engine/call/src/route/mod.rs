//! Contexts and number patterns: which handler gets a dialled number.
//!
//! A context is both the routing table and the fence: what is not in it cannot be dialled.

mod pattern;
mod reach;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use pattern::{Pattern, PatternError};
use pattern::{Set, Step, Tail};
pub use reach::Unreachable;

/// The routes of one context.
///
/// Numbers without wildcards are looked up first, in a map. Patterns follow in Asterisk's order:
/// position by position from the left, the one that allows fewer characters there is tried first,
/// `.` and `!` last. They live in a tree, each node of which is visited at most once, so that a
/// look-up costs about the number's length and not the number of routes.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    matches: Vec<Match>,
    literals: HashMap<String, usize>,
    nodes: Vec<Node>,
}

/// A route that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Match {
    /// The pattern, as it was written.
    pub pattern: Pattern,
    /// Which handler; the number that [`Routes::insert`] was given.
    pub handler: usize,
}

/// Two routes of one context match the same numbers.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{second}' matches the same numbers as '{first}' in this context; remove one of them")]
pub struct DuplicateRoute {
    /// The one that is there.
    pub first: String,
    /// The one that was refused.
    pub second: String,
}

impl Routes {
    /// An empty context: nothing can be dialled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route.
    ///
    /// # Errors
    /// When another one matches exactly the same numbers, written alike or not (`_X` and
    /// `_[0-9]`).
    pub fn insert(&mut self, pattern: Pattern, handler: usize) -> Result<(), DuplicateRoute> {
        let index = self.matches.len();
        let taken = match pattern.literal() {
            Some(number) => match self.literals.get(number) {
                Some(&first) => Some(first),
                None => {
                    self.literals.insert(number.to_owned(), index);
                    None
                }
            },
            None => {
                let node = self.grow(pattern.steps());
                let place = match pattern.tail() {
                    Tail::None => &mut self.nodes[node].end,
                    Tail::Some => &mut self.nodes[node].more,
                    Tail::Any => &mut self.nodes[node].any,
                };
                match *place {
                    Some(first) => Some(first),
                    None => {
                        *place = Some(index);
                        None
                    }
                }
            }
        };
        if let Some(first) = taken {
            return Err(DuplicateRoute {
                first: self.matches[first].pattern.to_string(),
                second: pattern.to_string(),
            });
        }
        self.matches.push(Match { pattern, handler });
        Ok(())
    }

    /// Finds the most specific route of a number.
    pub fn find(&self, number: &str) -> Option<&Match> {
        if let Some(&index) = self.literals.get(number) {
            return self.matches.get(index);
        }
        let index = self.walk(0, number.as_bytes())?;
        self.matches.get(index)
    }

    /// All routes, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Match> {
        self.matches.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.matches.len()
    }

    /// Whether nothing can be dialled.
    pub fn is_empty(&self) -> bool {
        self.matches.is_empty()
    }

    /// The node of these steps, made where it is not there.
    fn grow(&mut self, steps: &[Step]) -> usize {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut at = 0;
        for step in steps {
            let next = self.nodes.len();
            let node = &mut self.nodes[at];
            at = match *step {
                Step::One(byte) => match node.ones.binary_search_by_key(&byte, |&(byte, _)| byte) {
                    Ok(found) => node.ones[found].1,
                    Err(place) => {
                        node.ones.insert(place, (byte, next));
                        next
                    }
                },
                Step::Of(set) => match node.sets.binary_search_by_key(&set, |&(set, _)| set) {
                    Ok(found) => node.sets[found].1,
                    Err(place) => {
                        node.sets.insert(place, (set, next));
                        next
                    }
                },
            };
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        at
    }

    /// The first match below a node, in the order of the fewest characters allowed. As deep as
    /// the longest pattern, which is bounded.
    fn walk(&self, node: usize, rest: &[u8]) -> Option<usize> {
        let node = self.nodes.get(node)?;
        let Some((&byte, after)) = rest.split_first() else {
            return node.end.or(node.any);
        };
        if let Ok(found) = node.ones.binary_search_by_key(&byte, |&(byte, _)| byte)
            && let Some(index) = self.walk(node.ones[found].1, after)
        {
            return Some(index);
        }
        node.sets
            .iter()
            .filter(|(set, _)| set.contains(byte))
            .find_map(|&(_, next)| self.walk(next, after))
            .or(node.more)
            .or(node.any)
    }
}

/// A place in the tree, reached by the same steps of one or several patterns.
#[derive(Clone, Debug, Default)]
struct Node {
    /// Exact characters, sorted.
    ones: Vec<(u8, usize)>,
    /// Sets, the smallest first.
    sets: Vec<(Set, usize)>,
    /// The route that ends here.
    end: Option<usize>,
    /// The one that ends here with `.`.
    more: Option<usize>,
    /// The one that ends here with `!`.
    any: Option<usize>,
}
