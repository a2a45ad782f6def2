//! The JSON doors of conversations and their messages.

use super::committer::{COME_BACK_MS, Committer};
use super::model::{Author, Body, Draft, Stored, Window, cursor, parse_limit};
use super::{Outcome, overview, relay};
use crate::accounts::SignedIn;
use crate::accounts::privacy::What;
use crate::platform::app::App;
#[cfg(feature = "chaos")]
use crate::platform::fail_point::{self, Point};
use crate::platform::json::{Json, Query};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::secret;
use crate::platform::words::Said;
use crate::{contacts, conversations, presence};
use actix_web::http::header;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::join_all;
use serde::Deserialize;
use shared_protocol::api::{Committed, HandInForm, HandInResult, HandedIn, ReadForm, ReadMark, SendForm};
use shared_protocol::{ConversationId, ServerFrame, UserId};

/// The most messages of one hand-in.
const MOST_HANDED_IN: usize = 100;

/// The routes of this slice under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(resource("/conversations", [("GET", get().to(list))]))
        .service(resource("/conversations/heads", [("GET", get().to(list_heads))]))
        .service(resource(
            "/conversations/private/{user_id}",
            [("PUT", web::put().to(open_private))],
        ))
        .service(resource("/conversations/{id}", [("GET", get().to(show))]))
        .service(resource(
            "/conversations/{id}/messages",
            [("GET", get().to(list_messages)), ("POST", web::post().to(create))],
        ))
        .service(resource(
            "/conversations/{id}/passed-on",
            [("POST", web::post().to(hand_in))],
        ))
        .service(resource(
            "/conversations/{id}/changes",
            [("GET", get().to(list_changes))],
        ))
        .service(resource(
            "/conversations/{id}/read",
            [("PUT", web::put().to(update_read))],
        ))
        .service(resource("/me/changes", [("GET", get().to(list_my_changes))]));
}

fn conversation_id(text: &str) -> Result<ConversationId> {
    text.parse().map_err(|_| Problem::Missing("conversation"))
}

/// `GET /conversations`
async fn list(app: Data<App>, me: SignedIn) -> Result<HttpResponse> {
    let (user, history_id) = (me.user(), app.history_id.clone());
    let listed = app
        .db
        .read(move |conn| overview::list(conn, user, &history_id))
        .await?;
    Ok(HttpResponse::Ok().json(listed))
}

/// `GET /conversations/heads`
async fn list_heads(app: Data<App>, request: HttpRequest, me: SignedIn) -> Result<HttpResponse> {
    let (user, history_id) = (me.user(), app.history_id.clone());
    let heads = app
        .db
        .read(move |conn| overview::heads(conn, user, &history_id))
        .await?;
    let text = serde_json::to_string(&heads).map_err(|error| Problem::Internal(error.into()))?;
    let tag = format!("\"{}\"", &secret::digest(&text)[..32]);
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut answer = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    Ok(if known {
        answer.finish()
    } else {
        answer.content_type("application/json").body(text)
    })
}

/// `PUT /conversations/private/{user ID}`
async fn open_private(app: Data<App>, me: SignedIn, other: Path<String>) -> Result<HttpResponse> {
    let other: UserId = other.parse().map_err(|_| Problem::Missing("person"))?;
    app.limits.conversations.take(me.user(), app.clock.monotonic())?;
    let (user, clock) = (me.user(), app.clock.clone());
    let private = app
        .db
        .write(move |conn| conversations::find_or_make_private(conn, user, other, &clock))
        .await?;
    if private.is_young {
        presence::let_in(&app, private.conversation).await?;
    }
    let id = private.conversation;
    let shown = app.db.read(move |conn| overview::show(conn, id, user)).await?;
    Ok(HttpResponse::Ok().json(shown))
}

/// `GET /conversations/{id}`
async fn show(app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse> {
    let (id, user) = (conversation_id(&id)?, me.user());
    let shown = app.db.read(move |conn| overview::show(conn, id, user)).await?;
    Ok(HttpResponse::Ok().json(shown))
}

#[derive(Deserialize)]
struct PageQuery {
    before: Option<String>,
    after: Option<String>,
    limit: Option<String>,
}

/// `GET /conversations/{id}/messages?before=&after=&limit=`
async fn list_messages(
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
    query: Query<PageQuery>,
) -> Result<HttpResponse> {
    let (id, user, history_id) = (conversation_id(&id)?, me.user(), app.history_id.clone());
    let query = query.0;
    let window = Window::parse(
        query.before.as_deref(),
        query.after.as_deref(),
        query.limit.as_deref(),
    )?;
    let page = app.db.read(move |conn| {
        let mine = conversations::get_mine(conn, id, user)?;
        super::page(conn, &mine, &window, &history_id)
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

/// `POST /conversations/{id}/messages`, for programs and for pages without a relay.
async fn create(
    app: Data<App>,
    committer: Data<Committer>,
    me: SignedIn,
    id: Path<String>,
    form: Json<SendForm>,
) -> Result<HttpResponse> {
    let (id, user, form) = (conversation_id(&id)?, me.user(), form.0);
    app.limits.messages.take(user, app.clock.monotonic())?;
    let group = app
        .db
        .read(move |conn| conversations::get_group(conn, id))
        .await?;
    let draft = Draft {
        group,
        author: Author::User(user),
        id: form.id,
        prev: form.prev,
        body: Body::parse(&form.body),
        passed: None,
    };
    let stored = committer.commit(draft).await?;
    let history_id = app.history_id.to_string();
    tell_new(&app, &stored);
    let mut answer = if stored.is_new {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    Ok(answer.json(Committed {
        message: stored.message,
        history_id,
    }))
}

/// What is new goes to everybody in the conversation.
fn tell_new(app: &App, stored: &Stored) {
    if stored.is_new {
        #[cfg(feature = "chaos")]
        fail_point::pass(Point::BeforeForward);
        let frame = ServerFrame::Message {
            message: stored.message.clone(),
            history_id: app.history_id.to_string(),
        };
        app.relay.tell(&stored.group, &frame);
    }
}

/// `POST /conversations/{id}/passed-on`: messages that were received as unsaved, for senders who may have gone.
async fn hand_in(
    app: Data<App>,
    committer: Data<Committer>,
    me: SignedIn,
    id: Path<String>,
    form: Json<HandInForm>,
) -> Result<HttpResponse> {
    let (id, user, form) = (conversation_id(&id)?, me.user(), form.0);
    if !(1..=MOST_HANDED_IN).contains(&form.messages.len()) {
        let said = Said::new("hand-in-count").number("most", MOST_HANDED_IN as i64);
        return Err(Problem::invalid("messages", said));
    }
    // Each costs what a message costs.
    for _ in &form.messages {
        app.limits.messages.take(user, app.clock.monotonic())?;
    }
    let mine = app
        .db
        .read(move |conn| conversations::get_mine(conn, id, user))
        .await?;
    let (group, keys, now) = (mine.conversation.group, committer.receipt_keys(), app.clock.now());
    let commits = form.messages.iter().map(async |passed_on| {
        let stored = committer.commit(relay::parse_passed_on(&group, passed_on, keys, now)?);
        stored.await.inspect(|stored| tell_new(&app, stored))
    });
    // All at once: what belongs together is put in order together.
    let outcomes = join_all(commits).await;
    let own = me.account.person().subject;
    let results = form.messages.iter().zip(outcomes);
    let results = results.map(|(passed_on, outcome)| hand_in_result(outcome, passed_on.subject == own));
    Ok(HttpResponse::Ok().json(HandedIn {
        results: results.collect(),
        history_id: app.history_id.to_string(),
    }))
}

/// Why somebody else's message was refused is between them and the server, unless it lies in the message: it may be a
/// block. (SEC16)
fn hand_in_result(outcome: Outcome, is_own: bool) -> HandInResult {
    match outcome {
        Ok(Stored { message, .. }) => HandInResult::Stored { message },
        Err(problem) if problem.is_passing() => HandInResult::Busy {
            retry_after_ms: COME_BACK_MS,
        },
        Err(problem) => {
            let problem = problem.to_wire();
            let is_open = ["bad-receipt", "receipt-expired", "invalid"]
                .iter()
                .any(|code| problem.kind.ends_with(code));
            let problem = match is_own || is_open {
                true => problem,
                false => Problem::Forbidden(Said::new("problem-not-saved")).to_wire(),
            };
            HandInResult::Refused { problem }
        }
    }
}

#[derive(Deserialize)]
struct ChangesQuery {
    after: Option<String>,
    limit: Option<String>,
}

/// `GET /conversations/{id}/changes?after=&limit=`
async fn list_changes(
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
    query: Query<ChangesQuery>,
) -> Result<HttpResponse> {
    let (id, user, history_id) = (conversation_id(&id)?, me.user(), app.history_id.clone());
    let after = cursor("after", query.0.after.as_deref().unwrap_or("0"))?;
    let limit = parse_limit(query.0.limit.as_deref())?;
    let most = app.config.messages.most_changes;
    let changes = app.db.read(move |conn| {
        let mine = conversations::get_mine(conn, id, user)?;
        super::changes(conn, &mine, after, limit, most, &history_id)
    });
    Ok(HttpResponse::Ok().json(changes.await?))
}

/// `PUT /conversations/{id}/read`
async fn update_read(
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
    form: Json<ReadForm>,
) -> Result<HttpResponse> {
    let (id, user, wanted) = (conversation_id(&id)?, me.user(), form.0.read);
    if wanted < 0 {
        return Err(Problem::invalid("read", Said::new("read-malformed")));
    }
    let marked = app.db.write(move |conn| {
        let mut mine = conversations::get_mine(conn, id, user)?;
        let moved = mine.read < wanted.min(mine.conversation.seq);
        mine.read = conversations::mark_read(conn, &mine, wanted)?;
        let mark = ReadMark {
            read: mine.read,
            unread: super::unread(conn, &mine)?,
        };
        let members = conversations::list_members(conn, &[id])?;
        let members: Vec<UserId> = members.into_iter().map(|member| member.user).collect();
        let split = contacts::split(conn, user, &members, What::ReadReceipts)?;
        Ok((moved, mark, mine.conversation.group, split))
    });
    let (moved, mark, group, split) = marked.await?;
    if moved {
        let frame = ServerFrame::Read {
            conversation: id,
            user_id: user,
            read: mark.read,
        };
        // One's own tabs hear of it in any case.
        let to = split.map_or(vec![group], |split| split.shares);
        app.relay.tell_all(to.into_iter().map(|to| (to, frame.clone())));
    }
    Ok(HttpResponse::Ok().json(mark))
}

/// `GET /me/changes?after=`
async fn list_my_changes(app: Data<App>, me: SignedIn, query: Query<ChangesQuery>) -> Result<HttpResponse> {
    let (user, history_id) = (me.user(), app.history_id.clone());
    let after = cursor("after", query.0.after.as_deref().unwrap_or("0"))?;
    let changes = app
        .db
        .read(move |conn| overview::my_changes(conn, user, after, &history_id))
        .await?;
    Ok(HttpResponse::Ok().json(changes))
}
