//! What is wrong with a pattern, in AWS's words.

use std::fmt;

/// A pattern that AWS refuses with `InvalidParameterException`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// As FilterLogEvents words it.
    pub message: String,
    /// Where in the pattern it went wrong, in bytes.
    pub position: usize,
}

impl Invalid {
    /// The characters are known, but do not make a pattern.
    pub(super) fn pattern(position: usize) -> Invalid {
        Invalid { message: "Invalid filter pattern".to_owned(), position }
    }

    /// Characters that start nothing; mostly they want quotes.
    pub(super) fn characters(characters: &str, position: usize) -> Invalid {
        Invalid { message: format!("Invalid character(s) in term '{characters}'"), position }
    }

    /// A JSON or space-delimited pattern without its end.
    pub(super) fn unclosed(open: char, close: char, position: usize) -> Invalid {
        let message = format!("If a filter pattern starts with '{open}' it must end with '{close}'");
        Invalid { message, position }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{} (at {})", self.message, self.position)
    }
}

impl std::error::Error for Invalid {}
