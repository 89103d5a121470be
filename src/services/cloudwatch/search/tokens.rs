//! The words that names are made of, and how the words of a search are found among them.

/// The words of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// As they are written.
    words: Vec<String>,
    /// Something that is no letter or digit stands between some.
    apart: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    Digit,
    Other,
}

impl Class {
    fn of(c: char) -> Class {
        match c {
            _ if c.is_ascii_digit() => Class::Digit,
            _ if c.is_uppercase() => Class::Upper,
            _ if c.is_alphanumeric() => Class::Lower,
            _ => Class::Other,
        }
    }
}

impl Words {
    /// Words start with capitals and with digits; what is no letter or digit stands between them. The last of several
    /// capitals belongs to the word that it starts: `SDBFailure` is `SDB` and `Failure`.
    pub fn of(text: &str) -> Words {
        let chars: Vec<char> = text.chars().collect();
        let class = |at: usize| chars.get(at).map_or(Class::Other, |c| Class::of(*c));
        let mut words: Vec<String> = Vec::new();
        let mut before = Class::Other;
        for (at, c) in chars.iter().enumerate() {
            let this = class(at);
            let begins = match (before, this) {
                (_, Class::Other) => false,
                (Class::Other, _) => true,
                (Class::Upper, Class::Upper) => class(at + 1) == Class::Lower,
                (Class::Upper, Class::Lower) => false,
                (before, this) => before != this,
            };
            if begins {
                words.push(String::new());
            }
            if let (Some(word), false) = (words.last_mut(), this == Class::Other) {
                word.push(*c);
            }
            before = this;
        }
        let apart =
            text.trim_matches(|c: char| Class::of(c) == Class::Other).contains(|c| Class::of(c) == Class::Other);
        Words { words, apart }
    }

    /// Whether these words come one after the other among others, written the same. One word is found however it is
    /// written, and so is a text whose words are all of those, and words that the search itself keeps apart.
    pub fn are_in(&self, others: &Words) -> bool {
        let count = self.words.len();
        if count == 0 {
            return false;
        }
        let same = |a: &[String]| a.iter().zip(&self.words).all(|(a, b)| a == b);
        let alike = |a: &[String]| a.iter().zip(&self.words).all(|(a, b)| a.eq_ignore_ascii_case(b));
        let any_case = count == 1 || self.apart;
        others.words.windows(count).any(|part| if any_case { alike(part) } else { same(part) })
            || others.words.concat().eq_ignore_ascii_case(&self.words.concat())
    }
}
