//! Prompts that are recorded by phone.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use call::desk::{By, Deed, Done, Order, Refused, allowed};
use call::{RecordingId, TenantId};
use store::{RecordingRow, Store};
use tokio::sync::oneshot;

use crate::switch::{Input, Switch};

/// A prompt that is to be saved, with what the records have of the recording.
#[derive(Debug)]
pub(crate) struct Found {
    tenant: TenantId,
    order: Order,
    recording: Result<Recorded, Refused>,
    answer: oneshot::Sender<Result<Done, Refused>>,
}

/// What a script has recorded, whole.
#[derive(Debug)]
struct Recorded {
    /// Relative to the folder of recordings.
    path: String,
    /// The user whose call it was made by; `None` where nobody of the tenant's called.
    by: Option<String>,
}

impl Switch {
    /// A recording is to take the place of a prompt. The records are asked first, so that the answer comes later.
    pub(in crate::switch) fn save_prompt(
        &self,
        tenant: &TenantId,
        order: Order,
        answer: oneshot::Sender<Result<Done, Refused>>,
    ) {
        let checked = allowed(&order, |user| self.person(tenant, user))
            .and_then(|()| self.place_of_prompt(tenant, &order.deed));
        let recording = match checked {
            Ok((recording, _)) => recording,
            Err(refused) => {
                let refused = Err(refused);
                self.note_order(tenant, &order, &refused);
                let _ = answer.send(refused);
                return;
            }
        };
        let (store, entrance) = (self.parts.store.clone(), self.parts.entrance.clone());
        let tenant = tenant.clone();
        tokio::spawn(async move {
            let recording = recorded(&*store, &tenant, recording).await;
            let found = Found {
                tenant,
                order,
                recording,
                answer,
            };
            entrance.put(Input::Prompt(Box::new(found))).await;
        });
    }

    /// The records were asked: it is saved, for this tenant, if whoever wants it may have the recording; the next who
    /// is played it hears it.
    pub(in crate::switch) fn save_found_prompt(&self, found: Found) {
        let Found {
            tenant,
            order,
            recording,
            answer,
        } = found;
        // Rights and prompts may have changed while the records were asked.
        let result = allowed(&order, |user| self.person(&tenant, user))
            .and(recording)
            .and_then(|recorded| {
                self.may_use(&tenant, &order, recorded.by.as_deref())?;
                let (_, to) = self.place_of_prompt(&tenant, &order.deed)?;
                self.put_prompt(&tenant, recorded.path, to);
                Ok(Done::default())
            });
        self.note_order(&tenant, &order, &result);
        let _ = answer.send(result);
    }

    /// Which recording is to go where.
    fn place_of_prompt(
        &self,
        tenant: &TenantId,
        deed: &Deed,
    ) -> Result<(RecordingId, PathBuf), Refused> {
        let Deed::SavePrompt {
            prompt,
            recording,
            language,
        } = deed
        else {
            return Err(Refused::new("not_here", "this is no prompt"));
        };
        let settings = self.tenants.get(&*tenant.0);
        let own = settings.map_or("zh", |settings| &settings.language);
        let language = language.as_deref().unwrap_or(own);
        let library = &self.parts.library;
        // Only what is played already: nobody would ever hear another one. It says what a name is, too.
        library
            .find(&tenant.0, language, prompt)
            .map_err(|sentence| Refused::new("no_such_prompt", sentence))?;
        let to = library.own(&tenant.0, language, prompt).ok_or_else(|| {
            let sentence = format!("there are no prompts in '{language}': say zh or en");
            Refused::new("no_such_language", sentence)
        })?;
        Ok((*recording, to))
    }

    /// People have what was recorded in their own calls, and in those of whom they reach: what a customer has said is
    /// nobody's to play to others.
    fn may_use(&self, tenant: &TenantId, order: &Order, by: Option<&str>) -> Result<(), Refused> {
        if !matches!(order.by, By::User(_)) {
            return Ok(());
        }
        let about = by.map(|user| Order {
            user: user.to_owned(),
            ..order.clone()
        });
        let reached =
            about.is_some_and(|it| allowed(&it, |user| self.person(tenant, user)).is_ok());
        match reached {
            true => Ok(()),
            false => {
                let sentence =
                    "this was recorded in a call of somebody else: record it by your own phone";
                Err(Refused::new("not_allowed", sentence))
            }
        }
    }

    fn put_prompt(&self, tenant: &TenantId, from: String, to: PathBuf) {
        let from = self.parts.recordings.join(from);
        let tenant = tenant.clone();
        tokio::task::spawn_blocking(move || match put(&from, &to) {
            Ok(()) => tracing::info!(%tenant, prompt = %to.display(), "a prompt is recorded"),
            Err(error) => {
                tracing::error!(%tenant, prompt = %to.display(), %error, "a prompt cannot be written");
            }
        });
    }
}

/// What the records have of it, once it is closed.
async fn recorded(
    store: &dyn Store,
    tenant: &TenantId,
    id: RecordingId,
) -> Result<Recorded, Refused> {
    for _ in 0..TRIES {
        let row = store.recording(&tenant.0, id.0).await.map_err(unread)?;
        let row = row.filter(|row| row.purpose == "script");
        let row = row.ok_or_else(|| no_such_recording(id))?;
        match row.end {
            // It is not closed yet.
            None => tokio::time::sleep(BETWEEN).await,
            Some(end) if end.lost => break,
            Some(_) => return whose(store, tenant, row).await,
        }
    }
    let sentence = format!("the recording {id} is not whole: take one that has ended");
    Err(Refused::new("no_such_recording", sentence))
}

async fn whose(
    store: &dyn Store,
    tenant: &TenantId,
    row: RecordingRow,
) -> Result<Recorded, Refused> {
    let call = store.call(&tenant.0, row.call_id).await.map_err(unread)?;
    Ok(Recorded {
        path: row.path,
        by: call.and_then(|it| it.call.begin.user),
    })
}

fn no_such_recording(id: RecordingId) -> Refused {
    let sentence = format!("no script has made a recording {id}: name one that call:record gave");
    Refused::new("no_such_recording", sentence)
}

fn unread(error: store::Error) -> Refused {
    tracing::error!(%error, "a recording for a prompt cannot be looked up");
    Refused::new("failed", "the records cannot be read now: try again")
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
