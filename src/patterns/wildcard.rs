//! Texts with `*` in them.

/// A text in which `*` stands for any characters, and `\*` and `\\` for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard {
    /// What stands before, between and behind the asterisks.
    pieces: Vec<String>,
}

impl Wildcard {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it, as AWS says it.
    pub fn parse(text: &str) -> Result<Wildcard, String> {
        let mut pieces = vec![String::new()];
        // Places count from the quote in front of the text.
        let mut letters = (1..).zip(text.chars()).peekable();
        while let Some((at, letter)) = letters.next() {
            match (letter, letters.peek()) {
                ('*', Some((_, '*'))) => return Err(format!("Consecutive wildcard characters at pos {at}")),
                ('*', _) => pieces.push(String::new()),
                ('\\', Some((_, escaped @ ('*' | '\\')))) => {
                    pieces.last_mut().into_iter().for_each(|piece| piece.push(*escaped));
                    letters.next();
                }
                ('\\', _) => return Err(format!("Invalid escape character at pos {at}")),
                _ => pieces.last_mut().into_iter().for_each(|piece| piece.push(letter)),
            }
        }
        Ok(Wildcard { pieces })
    }

    /// What stands before, between and behind the asterisks.
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// Whether a text is of this form.
    pub fn matches(&self, text: &str) -> bool {
        let [first, between @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|whole| whole == text);
        };
        let Some(rest) = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str())) else {
            return false;
        };
        // Each piece as early as it can be leaves most for those behind it.
        let after = |rest: &str, piece: &String| rest.find(piece.as_str()).map(|at| at + piece.len());
        between.iter().try_fold(rest, |rest, piece| rest.get(after(rest, piece)?..)).is_some()
    }
}
