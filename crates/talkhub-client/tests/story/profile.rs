//! What people show of themselves: picture, status line, language.

use crate::app::{Answer, Person, TestApp};
use actix_web::http::Method;
use image::{ImageEncoder, RgbImage};
use serde_json::json;
use shared_protocol::ServerFrame;
use talkhub_client::platform::blobs::BlobKey;
use talkhub_client::platform::jobs::{self, Job};

/// A photo with a place in it, as a phone writes one.
pub fn photo(red: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new(&mut bytes);
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x25\x88\x04\0\x01\0\0\0\x1a\0\0\0\0\0\0\0\0\0".to_vec();
    exif.extend(b"GPSLatitude 52.5200N");
    encoder.set_exif_metadata(exif).unwrap();
    let picture = RgbImage::from_pixel(400, 300, image::Rgb([red, 60, 90]));
    picture.write_with_encoder(encoder).unwrap();
    bytes
}

pub async fn upload(who: &Person, kind: &'static str, bytes: Vec<u8>) -> Answer {
    let request = who.request(Method::PUT, "/api/v1/me/avatar");
    who.send(request.insert_header(("content-type", kind)).set_payload(bytes))
        .await
}

fn address(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["avatar"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", answer.text))
        .to_owned()
}

/// The hour is over in which a picture must be taken into a profile.
async fn settle(app: &TestApp) {
    app.wait(3_700);
    app.run_jobs().await;
}

pub fn files(app: &TestApp) -> usize {
    let folder = app.app.config.database.data_dir.join("blobs");
    let folders = std::fs::read_dir(folder).into_iter().flatten();
    folders
        .flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap())
        .count()
}

#[actix_web::test]
async fn b02_a_picture_is_shown_to_everybody_without_its_place() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    ann.says(talk, "hi", 1).await;
    assert_eq!(
        ann.get("/api/v1/me").await.body.get("avatar"),
        None,
        "initials from the first minute"
    );
    app.frames();

    let taken = upload(&ann, "image/jpeg", photo(200)).await;
    let address = address(&taken);
    app.run_jobs().await;

    let told = app.frames().into_iter().find_map(|(_, frame)| match frame {
        ServerFrame::Profile { user } => user.avatar,
        _ => None,
    });
    assert_eq!(told.as_ref(), Some(&address), "told live to those who see ann");
    let page = bob.get(&format!("/api/v1/conversations/{talk}/messages")).await;
    assert_eq!(page.body["messages"][0]["sender"]["avatar"], *address);
    assert_eq!(bob.get("/api/v1/users/1000000001").await.body["avatar"], *address);

    let served = bob.get(&address).await;
    assert_eq!(
        (served.status, served.header("content-type")),
        (200, "image/jpeg")
    );
    assert_eq!(
        served.header("cache-control"),
        "private, max-age=86400, immutable"
    );
    assert_eq!(served.header("x-content-type-options"), "nosniff");
    assert_eq!(
        served.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    assert!(!served.text.contains("GPSLatitude") && !served.text.contains("Exif"));
    let known = bob
        .request(Method::GET, &address)
        .insert_header(("if-none-match", served.header("etag")));
    let known = bob.send(known).await;
    assert_eq!((known.status, known.text.as_str()), (304, ""));

    assert_eq!(
        app.visitor().get(&address).await.status,
        401,
        "not for those who are not signed in"
    );
    assert_eq!(
        bob.get("/avatars/AAAAAAAAAAAAAAAAAAAAAA").await.refusal(),
        "404 missing"
    );
    assert_eq!(bob.get("/avatars/..%2Ftalkhub.db").await.status, 404);
    settle(&app).await;
}

#[actix_web::test]
async fn b02_another_picture_has_another_address_and_the_old_file_goes() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let first = address(&upload(&ann, "image/jpeg", photo(10)).await);
    let second = address(&upload(&ann, "image/jpeg", photo(250)).await);
    assert_ne!(first, second);
    app.run_jobs().await;
    assert_eq!(
        (ann.get(&first).await.status, ann.get(&second).await.status),
        (404, 200)
    );
    assert_eq!(files(&app), 1);

    assert_eq!(ann.delete("/api/v1/me/avatar").await.status, 204);
    assert_eq!(
        ann.delete("/api/v1/me/avatar").await.status,
        204,
        "harmless twice"
    );
    app.run_jobs().await;
    assert_eq!(ann.get("/api/v1/me").await.body.get("avatar"), None);
    assert_eq!((ann.get(&second).await.status, files(&app)), (404, 0));
    settle(&app).await;
}

#[actix_web::test]
async fn inv20_a_file_that_no_row_ever_named_is_removed_and_one_that_is_shown_stays() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let shown = address(&upload(&ann, "image/jpeg", photo(10)).await);
    // As after a crash between the file and its row: the job that was written first is all that is left.
    let lost = BlobKey::new(&app.app.clock);
    app.app.blobs.put(&lost, b"a picture".to_vec()).await.unwrap();
    let clock = app.app.clock.clone();
    let job = Job::PurgeAvatar {
        key: lost.as_str().to_owned(),
    };
    let queued = app
        .app
        .db
        .write(move |conn| Ok(jobs::enqueue(conn, &job, &clock)?));
    queued.await.unwrap();
    assert_eq!(files(&app), 2);
    app.wait(3_700);
    app.run_jobs().await;
    assert_eq!((files(&app), ann.get(&shown).await.status), (1, 200));
}

#[actix_web::test]
async fn bad21_what_is_no_picture_is_refused_in_words_and_changes_nothing() {
    let app = TestApp::with(|config| {
        config.accounts.avatar_most = 4 << 20;
        config.accounts.avatars_per_minute = 100;
    })
    .await;
    let ann = app.person("1000000001").await;
    let before = address(&upload(&ann, "image/jpeg", photo(10)).await);
    let huge = |width: u32, height: u32| {
        let mut bytes = Vec::new();
        image::GrayImage::new(width, height)
            .write_with_encoder(image::codecs::png::PngEncoder::new(&mut bytes))
            .unwrap();
        bytes
    };
    let table: [(&'static str, Vec<u8>, &str); 6] = [
        (
            "image/jpeg",
            Vec::new(),
            "400 invalid avatar: Choose a file first; an empty one cannot be taken.",
        ),
        (
            "image/png",
            b"MZ this is a program".to_vec(),
            "400 invalid avatar: This is not a picture: take a JPEG, PNG, WebP or GIF.",
        ),
        (
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec(),
            "400 invalid avatar: This is not a picture: take a JPEG, PNG, WebP or GIF.",
        ),
        (
            "image/jpeg",
            photo(1)[..300].to_vec(),
            "400 invalid avatar: This picture is damaged and cannot be read.",
        ),
        (
            "image/png",
            huge(10_000, 10_000),
            "400 invalid avatar: This picture has too many pixels: at most 50 million, and 16,384 on a side.",
        ),
        ("image/jpeg", vec![0xff; (4 << 20) + 1], "413 too-large"),
    ];
    for (kind, bytes, want) in table {
        let length = bytes.len();
        assert_eq!(
            upload(&ann, kind, bytes).await.refusal(),
            want,
            "{kind}, {length} bytes"
        );
    }
    let lying = upload(&ann, "text/html", photo(99)).await;
    assert_eq!(
        lying.status, 200,
        "the content counts, not what it is called: {}",
        lying.text
    );
    assert_ne!(address(&lying), before);
    app.run_jobs().await;
    assert_eq!(files(&app), 1, "nothing of the refused ones is kept");
    settle(&app).await;
}

#[actix_web::test]
async fn pictures_are_counted_by_the_minute() {
    let app = TestApp::with(|config| config.accounts.avatars_per_minute = 2).await;
    let ann = app.person("1000000001").await;
    for _ in 0..2 {
        assert_eq!(upload(&ann, "image/png", b"no".to_vec()).await.status, 400);
    }
    assert_eq!(upload(&ann, "image/jpeg", photo(1)).await.status, 429);
    app.wait(30);
    assert_eq!(upload(&ann, "image/jpeg", photo(1)).await.status, 200);
    settle(&app).await;
}

/// A form of a page with one file.
async fn submit_file(who: &Person, field: &str, name: &str, bytes: &[u8]) -> Answer {
    let mut body = format!(
        "--cut\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\ncontent-type: image/jpeg\r\n\r\n"
    )
    .into_bytes();
    body.extend(bytes);
    body.extend(b"\r\n--cut--\r\n");
    let request = who
        .request(Method::POST, "/settings/avatar")
        .insert_header(("content-type", "multipart/form-data; boundary=cut"));
    who.send(request.set_payload(body)).await
}

#[actix_web::test]
async fn b02_the_settings_page_takes_a_picture_without_script() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    assert!(ann.get("/settings/profile").await.text.contains("No picture yet"));
    let taken = submit_file(&ann, "avatar", "../../etc/passwd\u{202e}gpj.exe", &photo(200)).await;
    assert_eq!(
        (taken.status, taken.header("location")),
        (303, "/settings/profile?saved=1")
    );
    let address = address(&ann.get("/api/v1/me").await);
    assert!(
        ann.get("/settings/profile")
            .await
            .text
            .contains(&format!("src=\"{address}\""))
    );

    let refused = submit_file(&ann, "avatar", "a.jpg", b"no picture").await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("This is not a picture"), "{}", refused.text);
    let empty = submit_file(&ann, "avatar", "", b"").await;
    assert!(empty.status == 422 && empty.text.contains("Choose a file first"));
    let other = submit_file(&ann, "something", "a.jpg", &photo(1)).await;
    assert!(other.status == 422 && other.text.contains("Choose a file first"));
    let plain = ann.submit("/settings/avatar", &[("avatar", "x")]).await;
    assert_eq!(plain.status, 422, "a form without a file: {}", plain.text);

    let removed = ann.submit("/settings/avatar/remove", &[]).await;
    assert_eq!(removed.status, 303);
    assert!(ann.get("/settings/profile").await.text.contains("No picture yet"));
    assert_eq!(
        app.visitor()
            .submit("/settings/avatar/remove", &[])
            .await
            .header("location"),
        "/login?next=/settings/avatar/remove"
    );
    settle(&app).await;
    assert_eq!(files(&app), 0);
}

#[actix_web::test]
async fn b03_status_line_and_language_are_changed_by_api_and_page() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    app.frames();
    let changed = ann
        .patch(
            "/api/v1/me",
            json!({ "status_line": " Out sailing ⛵ ", "language": "en" }),
        )
        .await;
    assert_eq!(
        (&changed.body["status_line"], &changed.body["language"]),
        (&json!("Out sailing ⛵"), &json!("en"))
    );
    app.run_jobs().await;
    let told = app
        .frames()
        .iter()
        .any(|(_, frame)| matches!(frame, ServerFrame::Profile { user } if user.user_id == ann.id));
    assert!(told, "an open card hears of it");
    let card = bob.get("/api/v1/users/1000000001").await;
    assert_eq!(
        (&card.body["status_line"], &card.body["email"]),
        (&json!("Out sailing ⛵"), &json!(null))
    );
    assert_eq!(
        bob.get("/api/v1/me").await.body["status_line"],
        "",
        "nobody else's"
    );

    let kept = ann
        .patch("/api/v1/me", json!({ "display_name": "Annabel" }))
        .await;
    assert_eq!(kept.body["status_line"], "Out sailing ⛵", "what is absent stays");
    let refused = ann
        .patch(
            "/api/v1/me",
            json!({ "status_line": "x".repeat(101), "language": "tlh" }),
        )
        .await;
    assert_eq!(
        refused.refusal(),
        "400 invalid status_line: At most 100 characters. | language: There are no words in this language yet."
    );

    let fields = [
        ("display_name", "Annabel"),
        ("theme", "dark"),
        ("status_line", "a\u{202e}b"),
        ("language", "en"),
    ];
    let page = ann.submit("/settings/profile", &fields).await;
    assert!(
        page.status == 422 && page.text.contains("no invisible characters"),
        "{}",
        page.text
    );
    let fields = [
        ("display_name", "Annabel"),
        ("theme", "dark"),
        ("status_line", ""),
        ("language", "en"),
    ];
    assert_eq!(ann.submit("/settings/profile", &fields).await.status, 303);
    assert_eq!(ann.get("/api/v1/me").await.body["status_line"], "");
    app.run_jobs().await;
    assert_eq!(ann.sees(talk).await, Vec::<String>::new());
}
