//! What operators and later versions rely on in the database itself.

use crate::app::{PASSWORD, TestApp};
use diesel::prelude::*;
use diesel::sql_types::Text;
use futures_util::future::{Either, join_all, select};
use serde_json::json;
use talkhub_client::platform::db::DbConn;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "EXPLAIN")]
    plan: String,
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// How the database finds what this query asks for.
fn plan(conn: &mut DbConn, query: &str) -> String {
    match conn {
        DbConn::Sqlite(conn) => {
            let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}"))
                .load(conn)
                .unwrap();
            steps
                .into_iter()
                .map(|step| step.detail)
                .collect::<Vec<_>>()
                .join("; ")
        }
        DbConn::Mysql(conn) => {
            let plan: Plan = diesel::sql_query(format!("EXPLAIN FORMAT=JSON {query}"))
                .get_result(conn)
                .unwrap();
            plan.plan.split_whitespace().collect()
        }
    }
}

#[actix_web::test]
async fn history_is_found_by_its_keys() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    for draft in 1..=30 {
        ann.says(talk, "so that there is something to find", draft).await;
    }
    let queries = [
        (
            "conversation_id = 7 AND seq < 100 ORDER BY seq DESC LIMIT 100",
            "conversation_id=? AND seq<?",
            "\"key\":\"PRIMARY\"",
        ),
        (
            "conversation_id = 7 AND rev > 100 ORDER BY rev LIMIT 100",
            "messages_rev (conversation_id=? AND rev>?",
            "\"key\":\"messages_rev\"",
        ),
        (
            "id IN (x'0192F5D07C1E7ABC8DEF000000000001', x'0192F5D07C1E7ABC8DEF000000000002')",
            "(id=?)",
            "\"key\":\"messages_id\"",
        ),
    ];
    let is_mysql = app.is_mysql();
    let plans = app.app.db.read(move |conn| {
        Ok(queries.map(|(filter, ..)| plan(conn, &format!("SELECT * FROM messages WHERE {filter}"))))
    });
    for (plan, (_, sqlite, mysql)) in plans.await.unwrap().iter().zip(queries) {
        let want = if is_mysql { mysql } else { sqlite };
        assert!(plan.contains(want), "{want} in {plan}");
        assert!(
            !plan.contains("TEMP B-TREE") && !plan.contains("filesort"),
            "{plan}"
        );
    }
}

#[actix_web::test]
async fn the_columns_that_others_rely_on_exist_and_names_are_unique() {
    let app = TestApp::new().await;
    let columns = "id, userid, username, email, password_hash, display_name, avatar_color, is_online, last_seen, created_at";
    let found = app.app.db.read(move |conn| {
        let queries = [
            format!("SELECT 'x' AS word FROM users WHERE ({columns}) IS NULL"),
            "SELECT 'x' AS word FROM online WHERE relay_id = '' AND user_id = 0 AND connected_at = 0 AND last_heartbeat = 0 AND device = ''".into(),
            "SELECT 'x' AS word FROM messages WHERE conversation_id = 0 AND seq = 0 AND rev = 0 AND id = '' AND sender = 0 AND message_type = '' AND body = '' AND at = 0 AND sent_at = 0".into(),
        ];
        for query in &queries[1..] {
            let lines: Vec<Line> = diesel::sql_query(query).load(conn)?;
            assert!(lines.is_empty());
        }
        let query = queries[0].replace(&format!("({columns}) IS NULL"), "1 = 0").replace("'x' AS word", &format!("{columns}, 'x' AS word"));
        let lines: Vec<Line> = diesel::sql_query(query).load(conn)?;
        Ok(lines.into_iter().map(|line| line.word).collect::<Vec<_>>())
    });
    assert!(found.await.unwrap().is_empty());
    app.person("1000000001").await;
    app.person("1000000002").await;
    for column in ["username", "email"] {
        let doubled = app.app.db.write(move |conn| {
            let first = format!(
                "(SELECT {column} FROM (SELECT {column} FROM users WHERE userid = 1000000001) AS taken_by)"
            );
            let query = format!("UPDATE users SET {column} = {first} WHERE username = 'p1000000002'");
            Ok(diesel::sql_query(query).execute(conn)?)
        });
        let refused = format!("{:?}", doubled.await.unwrap_err());
        assert!(refused.contains("UniqueViolation"), "{column}: {refused}");
    }
    let doubled = app.app.db.write(|conn| {
        let rest = "password_hash, password_scheme, display_name, search_text, avatar_color, theme";
        let query = format!(
            "INSERT INTO users (id, userid, username, username_key, email, {rest}, relay_group, rev, profile_rev, is_online, created_at) \
             SELECT id + 1, userid, 'new', 'new', 'new', {rest}, 'new', 0, 0, is_online, 0 FROM users WHERE userid = 1000000001"
        );
        Ok(diesel::sql_query(query).execute(conn)?)
    });
    let refused = format!("{:?}", doubled.await.unwrap_err());
    assert!(
        refused.contains("UniqueViolation") && refused.contains("userid"),
        "{refused}"
    );
}

#[actix_web::test]
async fn many_sign_ins_at_once_do_not_hold_up_anybody_else() {
    let app = TestApp::with(|config| config.accounts.bcrypt_cost = 9).await;
    app.person("1000000001").await;
    let visitor = app.visitor();
    let form = json!({ "name": "1000000001", "password": PASSWORD });
    let logins = join_all((0..20).map(|_| visitor.post("/api/v1/sessions", form.clone())));
    let health = Box::pin(visitor.get("/healthz"));
    let Either::Right((health, logins)) = select(Box::pin(logins), health).await else {
        panic!("the sign-ins were done first")
    };
    assert_eq!(health.status, 200);
    // One is hashed, sixteen wait, the others are told to come back.
    let mut statuses: Vec<u16> = logins.await.into_iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert!(
        statuses.iter().all(|status| *status == 201 || *status == 503),
        "{statuses:?}"
    );
    assert!(
        16 <= statuses.iter().filter(|status| **status == 201).count(),
        "{statuses:?}"
    );
}
