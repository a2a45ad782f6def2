//! Somebody with very many sign-ins, by a program without manners or by a thief: nothing of theirs gets stuck.

use crate::app::{PASSWORD, Person, START, TestApp};
use diesel::prelude::*;
use serde_json::{Value, json};
use talkhub_client::platform::db::schema::sessions;

/// How many sign-ins this person has.
async fn count(app: &TestApp, person: &Person) -> i64 {
    let user = person.id;
    let counted = app.app.db.read(move |conn| {
        let own = sessions::table.filter(sessions::user_id.eq(user));
        Ok(own.count().get_result::<i64>(conn)?)
    });
    counted.await.unwrap()
}

#[actix_web::test]
async fn u03_however_many_sign_ins_somebody_has_a_new_password_ends_them() {
    // More than one statement of either database takes values.
    const MANY: i64 = 66_000;
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let user = ann.id;
    for part in 0..MANY / 1000 {
        let written = app.app.db.write(move |conn| {
            let row = |number: i64| {
                let (user, end) = (user.number(), START + 86_400_000);
                format!("({number}, 'token {number}', {user}, '', '', 1, {START}, {START}, {end})")
            };
            let rows: Vec<String> = (part * 1000..(part + 1) * 1000).map(row).collect();
            let insert = format!(
                "INSERT INTO sessions (id, token_sha256, user_id, device, address, keep, created_at, last_used_at, \
                 expires_at) VALUES {}",
                rows.join(", ")
            );
            diesel::sql_query(insert).execute(conn)?;
            Ok(())
        });
        written.await.unwrap();
    }
    assert_eq!(count(&app, &ann).await, MANY + 1);
    let form = json!({
        "current": PASSWORD, "password": "battery staple", "password_again": "battery staple", "end_others": true,
    });
    let changed = ann.put("/api/v1/me/password", form).await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    assert_eq!(count(&app, &ann).await, 1);
    app.run_jobs().await;
}

#[actix_web::test]
async fn a12_a_program_that_signs_in_for_each_call_pushes_out_its_own_old_sign_ins() {
    let app = TestApp::with(|config| config.accounts.sign_ins_per_minute = 10_000).await;
    let ann = app.person("1000000001").await;
    let mut tokens: Vec<Value> = Vec::new();
    for _ in 0..205 {
        app.wait(1);
        let form = json!({ "name": "p1000000001", "password": PASSWORD });
        let made = app.visitor().post("/api/v1/tokens", form).await;
        assert_eq!(made.status, 201, "{}", made.text);
        tokens.push(made.body["refresh_token"].clone());
    }
    assert_eq!(count(&app, &ann).await, 200);
    let refresh = async |token: &Value| {
        let form = json!({ "refresh_token": token });
        app.visitor().post("/api/v1/tokens/refresh", form).await.status
    };
    assert_eq!(
        [refresh(&tokens[0]).await, refresh(&tokens[204]).await],
        [401, 200]
    );
}
