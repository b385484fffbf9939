//! What people do at their desks, done by programs in their names.

use axum::Json;
use call::desk::Deed;

use super::body::{Given, Named};
use super::own::Own;
use super::problem::Problem;
use crate::floor::Performed;

/// Does it, as a star code or a key of the user's phone would.
pub(super) async fn command(
    own: Own,
    Named(user): Named,
    Given(deed): Given<Deed>,
) -> Result<Json<Performed>, Problem> {
    Ok(Json(own.order(user, deed).await?))
}
