//! E-mails and text messages that would leave for people: users and tests read them here instead.

use std::collections::VecDeque;

use super::time::Time;

/// Letters that are kept; the oldest go first.
const LETTERS_MAX: usize = 10_000;
/// Bytes of all letters together that are kept.
const BYTES_MAX: usize = 64 << 20;

/// One e-mail or text message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub medium: Medium,
    pub sent: Time,
    pub from: String,
    /// An e-mail address or a phone number.
    pub to: String,
    /// Of e-mails.
    pub subject: Option<String>,
    pub body: String,
    /// Where the recipient is asked to confirm something, if so.
    pub confirmation_url: Option<String>,
}

/// How a letter travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Email,
    Sms,
}

impl Medium {
    pub fn as_str(self) -> &'static str {
        match self {
            Medium::Email => "email",
            Medium::Sms => "sms",
        }
    }
}

/// All letters, oldest first.
#[derive(Debug, Default)]
pub struct Mailbox {
    letters: VecDeque<Letter>,
    bytes: usize,
}

impl Mailbox {
    /// Keeps a letter, in place of the oldest where the mailbox is full.
    pub fn put(&mut self, letter: Letter) {
        self.bytes += letter.bytes();
        self.letters.push_back(letter);
        while self.letters.len() > LETTERS_MAX || (self.bytes > BYTES_MAX && self.letters.len() > 1) {
            let gone = self.letters.pop_front();
            self.bytes -= gone.map_or(0, |letter| letter.bytes());
        }
    }

    pub fn letters(&self) -> impl Iterator<Item = &Letter> {
        self.letters.iter()
    }
}

impl Letter {
    fn bytes(&self) -> usize {
        self.body.len() + self.subject.as_ref().map_or(0, String::len) + self.to.len() + self.from.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(body: String) -> Letter {
        let (from, to) = ("NOTICE".to_owned(), "+15550100".to_owned());
        let sent = Time::UNIX_EPOCH;
        Letter { medium: Medium::Sms, sent, from, to, subject: None, body, confirmation_url: None }
    }

    #[test]
    fn the_oldest_letters_go_first() {
        let mut mailbox = Mailbox::default();
        for number in 0..LETTERS_MAX + 2 {
            mailbox.put(letter(number.to_string()));
        }
        assert_eq!(mailbox.letters().next().map(|letter| letter.body.as_str()), Some("2"));
        mailbox.put(letter("x".repeat(BYTES_MAX + 1)));
        assert_eq!(mailbox.letters().count(), 1);
    }
}
