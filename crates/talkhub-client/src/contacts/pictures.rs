//! The address under which a person's picture is served.

use super::Sight;
use crate::accounts::privacy::What;
use crate::accounts::{self, SignedIn};
use crate::platform::app::App;
use crate::platform::blobs::BlobKey;
use crate::platform::images::content_type;
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};

/// The route of pictures.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(resource("/avatars/{key}", [("GET", get().to(show))]));
}

/// `GET /avatars/{key}`: whoever may not see it finds nothing. (SEC19)
async fn show(app: Data<App>, request: HttpRequest, me: SignedIn, key: Path<String>) -> Result<HttpResponse> {
    let key = BlobKey::parse(&key).ok_or(Problem::Missing("file"))?;
    let (user, wanted) = (me.user(), key.clone());
    let owner = app.db.read(move |conn| {
        let Some(owner) = accounts::profile::find_by_avatar(conn, &wanted)? else {
            return Ok(None);
        };
        let sees = Sight::of(conn, user, &[owner])?.shares(&accounts::get(conn, owner)?, What::Avatar);
        Ok(sees.then_some(owner))
    });
    let owner = owner.await?.ok_or(Problem::Missing("file"))?;
    let tag = format!("\"{}\"", key.as_str());
    let known = request.headers().get(header::IF_NONE_MATCH);
    let known = known.is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::ETAG, tag))
        // What stands under an address never changes; a day, because who may see it can.
        .insert_header((header::CACHE_CONTROL, "private, max-age=86400, immutable"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((header::CONTENT_DISPOSITION, "inline"));
    if known {
        return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
    }
    let Some(bytes) = app.blobs.get(&key).await? else {
        tracing::error!(user = %owner, "A picture is missing in the data folder");
        return Err(Problem::Missing("file"));
    };
    Ok(answer.content_type(content_type(&bytes)).body(bytes))
}
