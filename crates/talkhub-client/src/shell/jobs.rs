//! Hands jobs up to the slice that does them.

use crate::platform::app::App;
use crate::platform::jobs::{self, Due, Job, Lane, MOST_TRIES};
use crate::platform::problem::{Problem, Result};
use crate::{accounts, contacts, conversations, messages, presence};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// Does what is due. A job that fails or panics is put off; the others go on.
pub async fn run_due(app: &App, lane: Lane) -> Result<()> {
    let now = app.clock.now();
    let due = app.db.read(move |conn| Ok(jobs::list_due(conn, lane, now)?));
    for due in due.await? {
        let id = due.id;
        let done = AssertUnwindSafe(run_one(app, &due)).catch_unwind().await;
        match done.unwrap_or_else(|_| Err(Problem::Internal(anyhow::anyhow!("it panicked")))) {
            Ok(()) => app.db.write(move |conn| Ok(jobs::delete(conn, id)?)).await?,
            Err(problem) => {
                let left = MOST_TRIES - due.tries - 1;
                if left <= 0 {
                    tracing::error!(job = id, %problem, "A job failed for the last time and is set aside");
                } else {
                    tracing::warn!(job = id, %problem, left, "A job failed and is put off");
                }
                app.db
                    .write(move |conn| Ok(jobs::put_off(conn, &due, now)?))
                    .await?;
            }
        }
    }
    Ok(())
}

async fn run_one(app: &App, due: &Due) -> Result<()> {
    match due.job() {
        Some(Job::ProfileChanged { user }) => presence::telling::tell_profile(app, user).await,
        Some(Job::PrivacyChanged { user }) => presence::telling::tell_privacy(app, user).await,
        Some(Job::PurgeAvatar { key }) => accounts::avatar::purge(app, &key).await,
        Some(Job::BecameContacts { one, other }) => {
            let taken_up = app
                .db
                .write(move |conn| conversations::become_contacts(conn, one, other));
            taken_up.await?;
            presence::telling::tell_between(app, one, other).await
        }
        Some(Job::Parted { one, other }) => presence::telling::tell_between(app, one, other).await,
        Some(Job::SetGroup { conversation }) => presence::set_group(app, conversation).await,
        Some(Job::LetIn { conversation }) => presence::try_to_let_in(app, conversation).await,
        Some(Job::PersonLeft { user, messages_too }) => {
            let forgotten = app.db.write(move |conn| contacts::forget(conn, user));
            contacts::tell(app, &forgotten.await?).await?;
            if messages_too {
                messages::work::empty_all_of(app, user).await?;
            }
            Ok(())
        }
        Some(Job::Mail(mail)) => accounts::mails::send(app, mail).await,
        Some(Job::RevokeRelayIds { relay_ids }) => {
            for relay_id in &relay_ids {
                app.relay.revoke(relay_id).await?;
            }
            Ok(())
        }
        None => {
            tracing::warn!(
                job = due.id,
                "A job of a kind that this version does not know is dropped"
            );
            Ok(())
        }
    }
}
