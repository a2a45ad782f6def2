//! Which of the delivery rules a core follows. Everything follows all of them; the model test switches one off to see that
//! an invariant breaks.

/// RU1 to RU12 as far as they live in a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// RU1: the id is made once and kept over retries.
    pub one_id: bool,
    /// RU2: in the order written.
    pub in_order: bool,
    /// RU4: only a refusal that names a rule is final.
    pub no_answer_is_no_refusal: bool,
    /// RU5: a submit names the one before it.
    pub prev: bool,
    /// RU5 and RU12: the one before it may have its tick already, since a restore can take the tick back.
    pub prev_may_be_ticked: bool,
    /// RU5: what was passed on is offered again with its receipt.
    pub receipts: bool,
    /// RU5: what was passed on is not stored.
    pub passed_on_is_no_tick: bool,
    /// RU5: what others have sent and nobody has stored is handed in.
    pub hand_in: bool,
    /// RU6: an unsaved line is marked.
    pub unsaved_is_marked: bool,
    /// RU6: the stored row of the same sender and id replaces an unsaved line.
    pub stored_replaces_unsaved: bool,
    /// RU7: a row goes in only over an older one, and only where the window is.
    pub newer_row_wins: bool,
    /// RU8: a live row moves the cursor only over an unbroken run and while no catch-up is running.
    pub unbroken_run: bool,
    /// RU9: only the last page lifts the cursor to what it was told; the next page starts at the last row's `rev`.
    pub last_row_pages: bool,
    /// RU10: in the group before fetching.
    pub group_first: bool,
    /// RU11: once a minute.
    pub every_minute: bool,
    /// RU11: after reconnect.
    pub after_reconnect: bool,
    /// RU11: when the device says that it is online, or its timers stood still.
    pub after_waking: bool,
    /// RU11: when either program's boot id has changed.
    pub after_boot: bool,
    /// RU12: rows of two histories are never mixed.
    pub one_history: bool,
    /// RU12: what had its tick in another history is offered again for 24 hours.
    pub offer_again: bool,
}

impl Rules {
    /// All of them.
    pub const ALL: Self = Self {
        one_id: true,
        in_order: true,
        no_answer_is_no_refusal: true,
        prev: true,
        prev_may_be_ticked: true,
        receipts: true,
        passed_on_is_no_tick: true,
        hand_in: true,
        unsaved_is_marked: true,
        stored_replaces_unsaved: true,
        newer_row_wins: true,
        unbroken_run: true,
        last_row_pages: true,
        group_first: true,
        every_minute: true,
        after_reconnect: true,
        after_waking: true,
        after_boot: true,
        one_history: true,
        offer_again: true,
    };
}

impl Default for Rules {
    fn default() -> Self {
        Self::ALL
    }
}
