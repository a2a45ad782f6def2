//! What becomes of open connections when a sign-in ends.

use crate::writing::{LIMIT, get, status_of, two};
use end_to_end::{PASSWORD, Person, Site};
use reqwest::Method;
use serde_json::{Value, json};

/// Signed out, or thrown out by a new password: the next request is a 401, and the sockets are closed at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv16_whoever_is_signed_out_has_no_request_and_no_socket() {
    let site = Site::started().await.unwrap();
    let (ann, bob, _) = two(&site).await;
    let on_the_phone = Person::sign_in(&site, "ann", PASSWORD).await.unwrap();
    let (here, there) = (
        ann.connect().await.unwrap(),
        on_the_phone.connect().await.unwrap(),
    );
    let bobs = bob.connect().await.unwrap();

    let signed_out = ann
        .ask::<Value>(Method::DELETE, "/sessions/current", None::<&Value>)
        .await;
    drop(signed_out); // the answer has no body
    assert_eq!(get(&site, Some(&ann), "/api/v1/me").await.0, 401);
    assert_eq!(status_of(ann.ticket().await).0, 401);
    tokio::time::timeout(LIMIT, here.closed()).await.expect("closed");
    assert!(there.handle().is_open(), "the other sign-in goes on");

    let elsewhere = Person::sign_in(&site, "ann", PASSWORD).await.unwrap();
    let new = "another battery staple";
    let change = json!({ "current": PASSWORD, "password": new, "password_again": new, "end_others": true });
    let still = elsewhere.connect().await.unwrap();
    let changed = elsewhere
        .ask::<Value>(Method::PUT, "/me/password", Some(&change))
        .await;
    drop(changed);
    assert_eq!(get(&site, Some(&on_the_phone), "/api/v1/me").await.0, 401);
    tokio::time::timeout(LIMIT, there.closed()).await.expect("closed");
    assert_eq!(
        get(&site, Some(&elsewhere), "/api/v1/me").await.0,
        401,
        "who changed it has a new cookie"
    );
    assert!(still.handle().is_open(), "and keeps the socket");
    assert!(bobs.handle().is_open());
}
