//! Byte ranges: RFC 9110, section 14, as far as S3 knows it: one range of bytes.

use crate::services::s3::faults;
use crate::wire::Fault;

/// A piece of an object's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub offset: u64,
    pub length: u64,
}

impl Piece {
    /// `bytes 0-9/100`
    pub fn content_range(self, total: u64) -> String {
        let end = (self.offset + self.length).saturating_sub(1);
        format!("bytes {}-{end}/{total}", self.offset)
    }
}

/// The piece that a `Range` header asks for; `None` where the header is to be ignored: it is not a range of bytes,
/// or several.
///
/// # Errors
/// `InvalidRange` for a range beyond the content.
pub fn piece(header: &str, total: u64) -> Result<Option<Piece>, Fault> {
    let Some((start, end)) = parse(header) else { return Ok(None) };
    let piece = match (start, end) {
        (Some(start), end) if start < total => {
            let end = end.unwrap_or(total - 1).min(total - 1);
            Piece { offset: start, length: end - start + 1 }
        }
        (None, Some(suffix)) if suffix > 0 && total > 0 => {
            let length = suffix.min(total);
            Piece { offset: total - length, length }
        }
        _ => return Err(faults::invalid_range(header, total)),
    };
    Ok(Some(piece))
}

/// First and last position of `bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-LENGTH`.
fn parse(header: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (start, end) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(Some(digits.parse().unwrap_or(u64::MAX))),
        _ => None,
    };
    match (number(start)?, number(end)?) {
        (None, None) => None,
        (Some(start), Some(end)) if end < start => None,
        range => Some(range),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges() {
        let check = |header: &str, total: u64, expected: Result<Option<(u64, u64)>, &str>| {
            let found = piece(header, total).map(|piece| piece.map(|piece| (piece.offset, piece.length)));
            assert_eq!(found.map_err(|fault| fault.code), expected.map_err(str::to_owned), "{header} of {total}");
        };
        check("bytes=0-9", 100, Ok(Some((0, 10))));
        check("bytes=90-", 100, Ok(Some((90, 10))));
        check("bytes=90-1000", 100, Ok(Some((90, 10))));
        check("bytes=-10", 100, Ok(Some((90, 10))));
        check("bytes=-1000", 100, Ok(Some((0, 100))));
        check("bytes=0-0", 1, Ok(Some((0, 1))));
        check("bytes=100-", 100, Err("InvalidRange"));
        check("bytes=-0", 100, Err("InvalidRange"));
        check("bytes=0-", 0, Err("InvalidRange"));
        check("bytes=99999999999999999999999-", 100, Err("InvalidRange"));
        check("bytes=9-0", 100, Ok(None));
        check("bytes=0-1,3-4", 100, Ok(None));
        check("lines=0-1", 100, Ok(None));
        check("bytes=-", 100, Ok(None));
        check("", 100, Ok(None));
    }

    proptest! {
        #[test]
        fn a_piece_lies_within_the_content(header in "(bytes=)?[0-9]{0,21}-?[0-9]{0,21}", total in any::<u64>()) {
            if let Ok(Some(piece)) = piece(&header, total) {
                prop_assert!(piece.length > 0);
                prop_assert!(piece.offset.checked_add(piece.length).is_some_and(|end| end <= total));
            }
        }
    }
}
