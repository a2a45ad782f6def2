//! Somebody has left for good: nobody has them as a contact, a request or a block any more.

use super::model::Pair;
use super::{lock, note_change, store};
use crate::platform::db::DbConn;
use crate::platform::problem::Result;
use shared_protocol::UserId;

/// Forgets everything that held between `gone` and others; gives back who must hear of it. Safe to repeat.
pub fn forget(conn: &mut DbConn, gone: UserId) -> Result<Vec<UserId>> {
    let contacts = store::list_contacts(conn, gone)?.into_iter();
    let mut others: Vec<UserId> = contacts.map(|(contact, _)| contact).collect();
    let requests = store::list_requests_of(conn, gone)?.into_iter();
    others.extend(requests.map(|request| request.pair().other(gone)));
    let blocked = store::list_blocks(conn, gone)?.into_iter();
    others.extend(blocked.map(|(whom, _)| whom));
    others.extend(
        store::list_blockers(conn, &[gone])?
            .into_iter()
            .map(|(who, _)| who),
    );
    others.sort_unstable();
    others.dedup();
    for other in &others {
        let pair = Pair::of(gone, *other);
        lock(conn, pair)?;
        store::delete_contacts(conn, pair)?;
        if let Some(request) = store::find_request_between(conn, pair)? {
            store::delete_request(conn, request.id)?;
        }
        store::delete_block(conn, gone, *other)?;
        store::delete_block(conn, *other, gone)?;
        note_change(conn, *other, gone)?;
    }
    store::delete_changes_of(conn, gone)?;
    Ok(others)
}
