//! A text to be found in messages.

use memchr::memmem::Finder;

/// Prepared once, so that each search is little more than the reading of the message.
#[derive(Clone, Debug)]
pub struct Needle(Box<Finder<'static>>);

impl Needle {
    pub fn new(text: &str) -> Needle {
        Needle(Box::new(Finder::new(text.as_bytes()).into_owned()))
    }

    pub fn is_in(&self, message: &str) -> bool {
        self.0.find(message.as_bytes()).is_some()
    }

    pub fn text(&self) -> &[u8] {
        self.0.needle()
    }
}

impl PartialEq for Needle {
    fn eq(&self, other: &Needle) -> bool {
        self.text() == other.text()
    }
}
