//! Filter patterns of CloudWatch Logs.

use trailcam::services::logs::pattern::Pattern;

/// Any pattern, against any message: the pattern on the first line, the message after it.
pub fn pattern(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, message) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(pattern) = Pattern::parse(text) else { return };
    assert_eq!(Pattern::parse(&pattern.to_string()).as_ref(), Ok(&pattern));
    assert_eq!(pattern.extract(message).is_some(), pattern.matches(message));
    pattern.value(message, "$.a.b[0]");
    pattern.value(message, "$1");
}
