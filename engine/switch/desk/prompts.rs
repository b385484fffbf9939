//! Prompts that are recorded by phone.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use call::desk::{Done, Refused};
use call::{RecordingId, TenantId};

use crate::switch::Switch;

impl Switch {
    /// A recording takes the place of a prompt, for this tenant; the next who is played it hears it.
    pub(super) fn save_prompt(
        &self,
        tenant: &TenantId,
        (prompt, language): (&str, Option<&str>),
        recording: RecordingId,
    ) -> Result<Done, Refused> {
        let settings = self.tenants.get(&*tenant.0);
        let own = settings.map_or("zh", |settings| &settings.language);
        let language = language.unwrap_or(own);
        let library = &self.parts.library;
        // Only what is played already: nobody would ever hear another one. It says what a name is, too.
        library
            .find(&tenant.0, language, prompt)
            .map_err(|sentence| Refused::new("no_such_prompt", sentence))?;
        let Some(to) = library.own(&tenant.0, language, prompt) else {
            let sentence = format!("there are no prompts in '{language}': say zh or en");
            return Err(Refused::new("no_such_language", sentence));
        };
        let (store, root) = (self.parts.store.clone(), self.parts.recordings.clone());
        let tenant = tenant.clone();
        let prompt = prompt.to_owned();
        tokio::spawn(async move {
            for _ in 0..TRIES {
                match store.recording(&tenant.0, recording.0).await {
                    Ok(Some(row)) if row.end.is_some() => {
                        let from = root.join(&row.path);
                        let copied = tokio::task::spawn_blocking(move || put(&from, &to)).await;
                        match copied {
                            Ok(Ok(())) => tracing::info!(%tenant, prompt, "a prompt is recorded"),
                            Ok(Err(error)) => {
                                tracing::error!(%tenant, prompt, %error, "a prompt cannot be written");
                            }
                            Err(error) => {
                                tracing::error!(%tenant, prompt, %error, "a prompt is lost")
                            }
                        }
                        return;
                    }
                    // It is not closed yet.
                    Ok(_) => tokio::time::sleep(BETWEEN).await,
                    Err(error) => {
                        tracing::error!(%tenant, prompt, %error, "a prompt cannot be looked up");
                        return;
                    }
                }
            }
            tracing::warn!(%tenant, prompt, %recording, "a prompt has no recording");
        });
        Ok(Done::default())
    }
}

/// Whole or not at all: somebody may be played it at this moment.
fn put(from: &Path, to: &Path) -> std::io::Result<()> {
    let folder = to.parent().ok_or(ErrorKind::InvalidInput)?;
    std::fs::create_dir_all(folder)?;
    let new = to.with_extension("new");
    std::fs::copy(from, &new)?;
    std::fs::rename(new, to)
}

/// How often it is looked whether a recording is closed.
const TRIES: u32 = 25;
const BETWEEN: Duration = Duration::from_millis(200);
