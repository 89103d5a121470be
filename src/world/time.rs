//! The one type of time. Nothing below the emulator reads a clock: handlers and jobs see `World::now`.

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};

/// A moment, in UTC. The world keeps milliseconds.
pub type Time = DateTime<Utc>;

/// `2023-07-10T12:09:47Z`: the form of event times, whole seconds.
pub fn iso_seconds(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Java's medium text form, which CloudTrail writes for times inside parameters:
/// `Jul 10, 2023, 12:09:47 PM`, or without the comma after the year.
pub fn java_text(time: Time, comma_after_year: bool) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (afternoon, hour) = time.hour12();
    let comma = if comma_after_year { "," } else { "" };
    format!(
        "{} {}, {}{comma} {hour}:{:02}:{:02} {}",
        MONTHS[time.month0() as usize],
        time.day(),
        time.year(),
        time.minute(),
        time.second(),
        if afternoon { "PM" } else { "AM" },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_text_as_in_real_records() {
        let time: Time = "2023-07-10T12:09:47Z".parse().unwrap();
        assert_eq!(java_text(time, true), "Jul 10, 2023, 12:09:47 PM");
        assert_eq!(java_text(time, false), "Jul 10, 2023 12:09:47 PM");
        let night: Time = "2025-10-27T00:00:52Z".parse().unwrap();
        assert_eq!(java_text(night, true), "Oct 27, 2025, 12:00:52 AM");
    }
}
