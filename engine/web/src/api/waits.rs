//! What is asked of agents for whoever is to wait in a queue: the same fields for a call back and for a chat.

use call::acd::Skills;

use super::problem::Problem;

/// A body with fields of its own and, after them, those of all who wait. (`#[serde(flatten)]` could not refuse
/// unknown ones.)
macro_rules! waits {
    ($(#[$about:meta])* $name:ident { $($(#[$mark:meta])* $own:ident: $kind:ty),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$mark])* $own: $kind,)+
            #[serde(default)]
            priority: u32,
            #[serde(default)]
            required: call::acd::Skills,
            #[serde(default)]
            preferred: call::acd::Skills,
            agent: Option<String>,
            agent_for_ms: Option<u64>,
            #[serde(default)]
            vip: bool,
            #[serde(default)]
            penalty: call::acd::PenaltyRange,
        }

        impl $name {
            /// Takes out of it what is asked of agents.
            fn take_wants(&mut self, medium: call::acd::Medium) -> Result<call::acd::Wants, Problem> {
                super::waits::check([&self.required, &self.preferred])?;
                Ok(call::acd::Wants {
                    medium,
                    required: std::mem::take(&mut self.required).into(),
                    preferred: std::mem::take(&mut self.preferred).into(),
                    agent: self.agent.take().map(|agent| agent.as_str().into()),
                    agent_for: self.agent_for_ms.map(std::time::Duration::from_millis),
                    vip: self.vip,
                    penalty: self.penalty,
                    ..call::acd::Wants::default()
                })
            }
        }
    };
}

pub(super) use waits;

/// Refuses levels of skills that nobody can have.
pub(super) fn check(wanted: [&Skills; 2]) -> Result<(), Problem> {
    let mut levels = wanted.into_iter().flat_map(Skills::values);
    if levels.all(|level| (1..=10).contains(level)) {
        return Ok(());
    }
    let why = "skills are wanted from 1 to 10";
    Err(Problem::unprocessable("wrong_skill", why))
}
