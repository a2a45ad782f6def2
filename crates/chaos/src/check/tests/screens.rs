//! Broken screens: what was shown, and when.

use super::*;

#[test]
fn inv04_another_order_on_a_screen() {
    breaks("INV04", |record| record.devices[1].screens[0].lines.swap(0, 1));
    breaks_with("INV04", 25, shows(BOB, shown(2, Some(1), Mark::Stored)));
    breaks("INV04", |record| {
        let unsaved = shown(4, None, Mark::Waiting);
        record.devices[1].screens[0].lines.insert(0, unsaved);
    });
}

#[test]
fn inv05_a_line_that_is_shown_twice() {
    breaks_with("INV05", 25, shows(BOB, shown(1, Some(2), Mark::Stored)));
    breaks("INV05", |record| remove(record, &gone(1))); // the stored one stands beside the own line
    breaks_with("INV05", 25, shows(BOB, shown(1, None, Mark::Waiting)));
    breaks("INV05", |record| {
        record.devices[1].screens[0].lines.push(stored(2))
    });
}

#[test]
fn inv06_a_tick_for_what_is_not_stored() {
    breaks_with("INV06", 32, shows(ANN, shown(3, Some(3), Mark::Stored)));
    breaks_with("INV06", 32, shows(BOB, shown(3, None, Mark::Stored)));
    breaks("INV06", |record| {
        record.devices[1].screens[0].lines[0].body.push('!')
    });
}

#[test]
fn inv07_a_screen_that_lacks_a_row() {
    breaks("INV07", |record| drop(record.devices[1].screens[0].lines.pop()));
    breaks("INV07", |record| {
        record.devices[1].screens[0].lines[0].body.push('!')
    });
}

#[test]
fn inv08_a_device_that_stays_behind() {
    breaks("INV08", |record| record.devices[1].screens[0].cursor = Some(1));
    breaks("INV08", |record| record.devices[1].screens[0].cursor = None);
    breaks("INV08", |record| record.devices[1].screens.clear());
    breaks("INV08", |record| record.devices[1].connected = false);
}

#[test]
fn inv11_shown_as_failed_and_stored() {
    breaks_with("INV11", 15, shows(ANN, shown(1, None, Mark::Failed)));
}

#[test]
fn inv13_a_line_of_a_conversation_of_others() {
    breaks_with("INV13", 25, shows(EVE, stored(1)));
}
