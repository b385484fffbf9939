//! Plugins: how they stand, what they ask to be allowed, and allowing it.

use axum::Json;

use super::body::Named;
use super::own::Own;
use super::page::{self, Asked, Page, Plain};
use super::problem::Problem;
use crate::exchange::{Allowed, Plugin};

pub(super) async fn list(
    own: Own,
    Asked(asked): Asked<Plain>,
) -> Result<Json<Page<Plugin>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let all = own.plugins().await?;
    let page = Page::cut(all, asked.after.as_deref(), limit, |one| one.name.clone())?;
    Ok(Json(page))
}

pub(super) async fn one(own: Own, Named(name): Named) -> Result<Json<Plugin>, Problem> {
    let all = own.plugins().await?;
    let found = all.into_iter().find(|plugin| plugin.name == name);
    found.map(Json).ok_or_else(|| Problem::not_found("plugin"))
}

pub(super) async fn allow(own: Own, Named(name): Named) -> Result<Json<Allowed>, Problem> {
    let allowed = own.allow_plugin(&name).await?;
    if allowed.allowed.is_none() {
        let why = allowed.errors.join("; ");
        return Err(Problem::conflict("plugin_is_wrong", why));
    }
    own.note("plugin_allowed", &name);
    Ok(Json(allowed))
}
