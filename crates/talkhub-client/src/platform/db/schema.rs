//! The tables as diesel sees them. What makes them stands in `migrations/`, once for each database.

diesel::table! {
    meta (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        userid -> BigInt,
        username -> Text,
        /// The username folded: two that look alike cannot both be taken.
        username_key -> Text,
        email -> Text,
        password_hash -> Text,
        password_scheme -> Integer,
        display_name -> Text,
        /// Both names, folded by the program: databases fold scripts differently.
        search_text -> Text,
        avatar_color -> Integer,
        theme -> Text,
        /// The person's own group at the relay; also the subject that the relay stamps.
        relay_group -> Text,
        /// Counts what is theirs alone.
        rev -> BigInt,
        /// The `rev` of the last change of name or settings.
        profile_rev -> BigInt,
        is_online -> Bool,
        last_seen -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    profiles (user_id) {
        user_id -> BigInt,
        status_line -> Text,
        language -> Text,
        /// The key of the picture.
        avatar -> Nullable<Text>,
        /// What was chosen: online, away, busy, invisible.
        presence -> Text,
    }
}

diesel::table! {
    privacy (user_id) {
        user_id -> BigInt,
        last_seen -> Text,
        read_receipts -> Text,
        typing -> Text,
        avatar -> Text,
        find -> Text,
        add_to -> Text,
        call_to -> Text,
        write_to -> Text,
    }
}

diesel::table! {
    statuses (user_id) {
        user_id -> BigInt,
        /// away or busy; who is plainly online or not there has no row.
        status -> Text,
    }
}

diesel::table! {
    idle_connections (relay_id) {
        relay_id -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        token_sha256 -> Text,
        user_id -> BigInt,
        device -> Text,
        address -> Text,
        keep -> Bool,
        created_at -> BigInt,
        last_used_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    online (relay_id) {
        relay_id -> Text,
        user_id -> BigInt,
        session_id -> BigInt,
        token_sha256 -> Text,
        origins -> Text,
        device -> Text,
        boot_id -> Text,
        lease_end -> BigInt,
        created_at -> BigInt,
        connected_at -> Nullable<BigInt>,
        last_heartbeat -> Nullable<BigInt>,
    }
}

diesel::table! {
    conversations (id) {
        id -> BigInt,
        kind -> Text,
        relay_group -> Text,
        /// `lower:higher` user ID of a private conversation.
        private_key -> Nullable<Text>,
        seq -> BigInt,
        rev -> BigInt,
        /// The history of changes reaches back to here.
        floor_rev -> BigInt,
        last_at -> BigInt,
        created_by -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    members (conversation_id, user_id) {
        conversation_id -> BigInt,
        user_id -> BigInt,
        role -> Text,
        read_seq -> BigInt,
        /// The person's `rev` when this row last changed for them.
        person_rev -> BigInt,
        joined_at -> BigInt,
    }
}

diesel::table! {
    messages (conversation_id, seq) {
        conversation_id -> BigInt,
        seq -> BigInt,
        rev -> BigInt,
        id -> Binary,
        sender -> BigInt,
        message_type -> Text,
        body -> Text,
        at -> BigInt,
        sent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    refusals (id, sender, conversation_id) {
        conversation_id -> BigInt,
        sender -> BigInt,
        id -> Binary,
        /// As it was told, in JSON.
        problem -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    /// Each is good for one use; spent ones are kept for a while, so that a second use is noticed.
    refresh_tokens (token_sha256) {
        token_sha256 -> Text,
        session_id -> BigInt,
        created_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> BigInt,
        /// Sealed with the server's own key.
        secret -> Text,
        begun_at -> BigInt,
        /// Empty while it is only being set up.
        confirmed_at -> Nullable<BigInt>,
        /// The newest time step whose code was used: no code is taken twice.
        last_step -> BigInt,
    }
}

diesel::table! {
    /// The ones that are left.
    recovery_codes (user_id, code_sha256) {
        user_id -> BigInt,
        code_sha256 -> Text,
    }
}

diesel::table! {
    /// The password was right, the second factor is still to come.
    sign_in_steps (token_sha256) {
        token_sha256 -> Text,
        user_id -> BigInt,
        keep -> Bool,
        expires_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        body -> Text,
        run_at -> BigInt,
        tries -> Integer,
    }
}

diesel::table! {
    /// Two rows for each pair: each of them has the other.
    contacts (user_id, contact_id) {
        user_id -> BigInt,
        contact_id -> BigInt,
        since -> BigInt,
    }
}

diesel::table! {
    /// At most one for a pair, whoever made it.
    contact_requests (id) {
        id -> BigInt,
        pair_key -> Text,
        sender -> BigInt,
        addressee -> BigInt,
        note -> Text,
        /// The addressee has said no, or had blocked the sender: only the sender still sees it.
        is_silent -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    blocks (user_id, blocked_id) {
        user_id -> BigInt,
        blocked_id -> BigInt,
        pair_key -> Text,
        since -> BigInt,
    }
}

diesel::table! {
    /// The person's `rev` when what holds between them and somebody else last changed for them.
    relations (user_id, other_id) {
        user_id -> BigInt,
        other_id -> BigInt,
        rev -> BigInt,
    }
}

diesel::table! {
    /// For this member a stranger's conversation that they have not taken up.
    message_requests (conversation_id, user_id) {
        conversation_id -> BigInt,
        user_id -> BigInt,
        /// Up to here they do not want it; later messages bring it back.
        hidden_seq -> BigInt,
    }
}

diesel::table! {
    audit (id) {
        id -> BigInt,
        at -> BigInt,
        event -> Text,
        /// Whom it concerns.
        user_id -> BigInt,
        /// Who did it; nobody for the command line and for whoever was not signed in.
        done_by -> Nullable<BigInt>,
        device -> Text,
        address -> Text,
    }
}

diesel::table! {
    links (id) {
        id -> BigInt,
        /// `reset` or `email`.
        purpose -> Text,
        token_sha256 -> Text,
        user_id -> BigInt,
        /// Only of `email`: the address that the link proves, and the one before it.
        new_email -> Text,
        old_email -> Text,
        /// `open`, `used` or `replaced`.
        state -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    administrators (user_id) {
        user_id -> BigInt,
        since -> BigInt,
    }
}

diesel::joinable!(members -> conversations (conversation_id));
diesel::allow_tables_to_appear_in_same_query!(
    users,
    profiles,
    statuses,
    privacy,
    idle_connections,
    sessions,
    refresh_tokens,
    sign_in_steps,
    online,
    conversations,
    members,
    messages,
    message_requests,
    refusals
);
