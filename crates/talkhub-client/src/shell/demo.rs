//! Two test people with a few conversations, for trying things out on an empty database.

use super::StartError;
use crate::accounts;
use crate::contacts::{self, Note};
use crate::conversations;
use crate::messages::{Author, Body, Draft, send_all};
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::DbConn;
use crate::platform::hashing::Hasher;
use crate::platform::problem::{Problem, Result};
use shared_protocol::UserId;
use shared_protocol::api::RegisterForm;
use std::time::Duration;

/// The password of both documented people.
const PASSWORD: &str = "TestPass123!";

/// Username, address, name, user ID. The first two are documented; the others only answer in the samples.
const PEOPLE: [(&str, &str, &str, &str); 4] = [
    ("user1", "user1@test.com", "Ada Lind", "1000000001"),
    ("user2", "user2@test.com", "Ben Okoro", "1000000002"),
    ("mira", "mira@test.com", "Mira Sol", "3141592654"),
    ("jonas", "jonas@test.com", "Jonas Hale", "2718281828"),
];

/// Who asks whom to become a contact, and with which note; whether that was accepted.
const REQUESTS: [(usize, usize, &str, bool); 3] = [
    (1, 0, "", true),
    (2, 0, "From the darkroom", true),
    (3, 0, "Jonas, with the boat on Saturday", false),
];

/// Who writes to whom, how many minutes after the line before.
const LINES: [(usize, usize, i64, &str); 17] = [
    (2, 0, 0, "The harbour photos are developed."),
    (2, 0, 1, "Thirty-six, and only one has my thumb in it."),
    (0, 2, 6, "Then that one goes on the wall."),
    (3, 0, 900, "Is the boat free on Saturday?"),
    (
        0,
        3,
        4,
        "From ten. The tide turns at half past two, so be back by then.",
    ),
    (3, 0, 2, "Half past two it is."),
    (0, 0, 20, "Buy: rope, two shackles, coffee."),
    (1, 0, 300, "Morning! Did the new anchor hold?"),
    (
        0,
        1,
        3,
        "All night. The wind went round twice and we did not move a metre.",
    ),
    (
        0,
        1,
        0,
        "Slept like a stone, which is more than the gulls can say.",
    ),
    (1, 0, 2, "Good. I wrote down how long the chain has to be:"),
    (
        1,
        0,
        0,
        "five times the depth in calm weather,\nseven when it blows.",
    ),
    (0, 1, 1, "So thirty-five metres where we lay. We had forty."),
    (1, 0, 1, "That is why you slept."),
    (
        0,
        1,
        8,
        "Coming along next weekend? There is a bunk and somebody has to make the coffee.",
    ),
    (1, 0, 1, "I will be there. Strong or drinkable?"),
    (2, 0, 25, "Shall I bring the prints tomorrow?"),
];

/// Fills an empty database; refuses one that has people.
pub fn fill(config: &Config) -> std::result::Result<(), StartError> {
    let clock = Clock::system();
    let (db, _) = super::open_database(config, &clock)?;
    let failed = |said: String| StartError { said, code: 1 };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| failed(error.to_string()))?;
    let hasher = Hasher::new(config.accounts.bcrypt_cost, 1).map_err(|error| failed(error.to_string()))?;
    let mut hashes = Vec::new();
    for index in 0..PEOPLE.len() {
        let password = if index < 2 {
            PASSWORD.to_owned()
        } else {
            crate::platform::secret::token(clock.random())
        };
        hashes.push(
            runtime
                .block_on(hasher.hash(password))
                .map_err(|problem| failed(problem.to_string()))?,
        );
    }
    let place = &config.database.place;
    let done = db.write_blocking(|conn| {
        if accounts::any_exist(conn)? {
            return Ok(false);
        }
        fill_empty(conn, config, &hashes, clock.now()).map(|()| true)
    });
    match done {
        Ok(true) => {
            println!("Made user1@test.com and user2@test.com, both with the password {PASSWORD}");
            Ok(())
        }
        Ok(false) => Err(failed(format!(
            "the database {place} has people already: the demo is for an empty one"
        ))),
        Err(problem) => Err(failed(format!("the demo could not be made: {problem:?}"))),
    }
}

fn fill_empty(conn: &mut DbConn, config: &Config, hashes: &[String], now: i64) -> Result<()> {
    let minutes: i64 = LINES.iter().map(|(_, _, after, _)| after).sum();
    let clock = Clock::frozen(now - (minutes + 3) * 60_000);
    let mut people = Vec::new();
    for (person, hash) in PEOPLE.iter().zip(hashes) {
        people.push(register(conn, person, hash, config, &clock)?);
    }
    for (from, to, note, accepted) in REQUESTS {
        contacts::ask(conn, people[from], people[to], &Note::parse(note)?, &clock)?;
        if accepted {
            // Asking back is accepting.
            contacts::ask(conn, people[to], people[from], &Note::parse("")?, &clock)?;
        }
    }
    for (from, to, after, text) in LINES {
        clock.advance(Duration::from_secs(after.unsigned_abs() * 60 + 1));
        let private = conversations::find_or_make_private(conn, people[from], people[to], &clock)?;
        let body = Body::parse(text);
        let draft = Draft {
            group: private.group,
            author: Author::User(people[from]),
            id: clock.message_id(),
            prev: None,
            passed: None,
            body,
        };
        for outcome in send_all(conn, &[draft], &clock)? {
            outcome?;
        }
        let mine = conversations::get_mine(conn, private.conversation, people[from])?;
        conversations::mark_read(conn, &mine, mine.conversation.seq)?;
    }
    Ok(())
}

fn register(
    conn: &mut DbConn,
    (username, email, name, id): &(&str, &str, &str, &str),
    hash: &str,
    config: &Config,
    clock: &Clock,
) -> Result<UserId> {
    let form = RegisterForm {
        username: (*username).to_owned(),
        email: (*email).to_owned(),
        display_name: (*name).to_owned(),
        user_id: (*id).to_owned(),
        password: PASSWORD.to_owned(),
        password_again: PASSWORD.to_owned(),
    };
    let wanted = accounts::parse_registration(&form)?;
    Ok(
        accounts::register(conn, &wanted, hash, &config.accounts.user_ids, clock)
            .map_err(|problem| match problem {
                Problem::Invalid(issues) => Problem::Internal(anyhow::anyhow!("{issues:?}")),
                other => other,
            })?
            .user_id,
    )
}
