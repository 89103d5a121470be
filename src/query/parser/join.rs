//! `join` (CWL_QuerySyntax-Join).

use super::super::ast::{Join, Name, Part};
use super::super::faults::{self, Fault};
use super::Parser;

impl Parser<'_> {
    /// `join type=inner left=a right=b where a.x=b.y (SOURCE 'group')`.
    pub(super) fn join(&mut self) -> Result<Join, Fault> {
        let (mut outer, mut left, mut right) = (false, None, None);
        loop {
            if self.option("type")? {
                outer = self.take_word("left")?;
                if !outer {
                    self.word("inner")?;
                }
            } else if self.option("left")? {
                left = Some(self.side()?);
            } else if self.option("right")? {
                right = Some(self.side()?);
            } else {
                break;
            }
        }
        let left = left.ok_or_else(|| self.unexpected("left= and a name"))?;
        let right = right.ok_or_else(|| self.unexpected("right= and a name"))?;
        self.word("where")?;
        let (left_key, right_key) = self.keys_of(&left, &right)?;
        self.sign("(")?;
        let source = self.source()?.ok_or_else(|| self.unexpected("SOURCE"))?;
        if self.at_sign("|") {
            return Err(faults::unsupported("a subquery in join", self.span));
        }
        self.sign(")")?;
        Ok(Join { outer, left, right, left_key, right_key, source })
    }

    pub(super) fn option(&mut self, word: &str) -> Result<bool, Fault> {
        let found = self.take_word(word)?;
        if found {
            self.sign("=")?;
        }
        Ok(found)
    }

    /// What the fields of one side of a join are called by.
    fn side(&mut self) -> Result<String, Fault> {
        let span = self.span;
        let name = self.name()?;
        match <[Part; 1]>::try_from(name.parts) {
            Ok([Part::Word(word)]) => Ok(word),
            _ => Err(faults::argument_kind("join", "a name without dots", span)),
        }
    }

    /// The fields that are to be equal, of the left side and of the right one, whichever stands first.
    fn keys_of(&mut self, left: &str, right: &str) -> Result<(Name, Name), Fault> {
        let first = self.name()?;
        if !self.at_sign("=") {
            return Err(self.unexpected("="));
        }
        self.advance()?;
        let second = self.name()?;
        let span = self.since(first.span);
        let pair = match (first.of(left), second.of(right)) {
            (Some(left_key), Some(right_key)) => Some((left_key, right_key)),
            _ => second.of(left).zip(first.of(right)),
        };
        pair.ok_or_else(|| faults::argument_kind("join", "a field of each side", span))
    }
}
