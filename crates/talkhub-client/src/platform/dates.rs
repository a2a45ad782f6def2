//! Times in words for pages that cannot know where their reader lives: UTC.

/// The day of a moment in milliseconds since 1970: year, month, day (Hinnant 2021, "days from civil", the other way).
fn day_of(at: i64) -> (i64, i64, i64) {
    let days = at.div_euclid(86_400_000) + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * in_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, in_year - (153 * shifted + 2) / 5 + 1)
}

/// `2026-11-20`
pub fn day(at: i64) -> String {
    let (year, month, day) = day_of(at);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2026-11-20 10:46 UTC`
pub fn utc(at: i64) -> String {
    let minutes = at.rem_euclid(86_400_000) / 60_000;
    format!("{} {:02}:{:02} UTC", day(at), minutes / 60, minutes % 60)
}

/// `2026-11-20T10:46:05Z`, for programs.
pub fn iso(at: i64) -> String {
    let seconds = at.rem_euclid(86_400_000) / 1_000;
    let (minutes, second) = (seconds / 60, seconds % 60);
    format!("{}T{:02}:{:02}:{second:02}Z", day(at), minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let check = |at: i64, want: &str| assert_eq!(iso(at), want);
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_400_000, "2000-02-29T00:00:00Z");
        check(1_800_000_000_000, "2027-01-15T08:00:00Z");
        check(-1_000, "1969-12-31T23:59:59Z");
        check(4_107_542_399_000, "2100-02-28T23:59:59Z");
        assert_eq!(utc(1_800_000_000_000), "2027-01-15 08:00 UTC");
    }
}
