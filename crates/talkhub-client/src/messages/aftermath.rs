//! What remains to be done of a commit when its senders have their answers.

use super::{Author, Draft, Outcome, whose};
use crate::platform::app::App;
use crate::platform::jobs::{self, Job};
use crate::platform::problem::Problem;
use shared_protocol::{RelayId, ServerFrame};

/// What others have to learn of it.
pub(super) struct Aftermath {
    /// Whoever holds these as unsaved learns that they never will be stored.
    refused: Vec<Draft>,
    /// The relay still lets these write, and we know them no longer: it could not be told when they ended. Without this they
    /// would be told to come back until their lease ends.
    gone: Vec<RelayId>,
}

impl Aftermath {
    pub(super) fn of(drafts: &[Draft], outcomes: &[Outcome]) -> Self {
        let mut aftermath = Self {
            refused: Vec::new(),
            gone: Vec::new(),
        };
        for (draft, outcome) in drafts.iter().zip(outcomes) {
            match (outcome, &draft.author) {
                (Ok(_), _) => {}
                (Err(Problem::GoneConnection), Author::Relay(relay_id)) => {
                    aftermath.gone.push(relay_id.clone())
                }
                // What was decided before has been told before; who missed it learns it when handing in.
                (Err(Problem::Decided(_)), _) => {}
                (Err(problem), _) if problem.is_passing() || draft.passed.is_none() => {}
                (Err(_), _) => aftermath.refused.push(draft.clone()),
            }
        }
        aftermath.gone.sort_unstable();
        aftermath.gone.dedup();
        aftermath
    }

    /// What fails here is told again another time: gone ones come again, and refusals are told to whoever hands in.
    pub(super) fn see_to(self, app: &App) {
        self.tell_refusals(app);
        self.revoke_gone(app);
    }

    fn revoke_gone(self, app: &App) {
        if self.gone.is_empty() {
            return;
        }
        let job = Job::RevokeRelayIds { relay_ids: self.gone };
        let queued = app
            .db
            .write_blocking(|conn| Ok(jobs::enqueue(conn, &job, &app.clock)?));
        if let Err(problem) = queued {
            tracing::warn!(?problem, "Connections that have ended could not be taken back");
        }
    }

    fn tell_refusals(&self, app: &App) {
        if self.refused.is_empty() {
            return;
        }
        let read = app
            .db
            .read_blocking(|conn| self.refused.iter().map(|draft| whose(conn, draft)).collect());
        let whose: Vec<_> = match read {
            Ok(whose) => whose,
            Err(problem) => return tracing::warn!(?problem, "Refusals could not be told to their groups"),
        };
        for (draft, whose) in self.refused.iter().zip(whose) {
            let Some((conversation, user_id)) = whose else {
                continue;
            };
            let id = draft.id;
            let frame = ServerFrame::NotSaved {
                conversation,
                user_id,
                id,
            };
            app.relay.tell(&draft.group, &frame);
        }
    }
}
