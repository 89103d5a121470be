//! Commands that look at several rows, and what they show.

use super::super::ast::{self, Command, Expr, Item, Key, Kind, Name, Part};
use super::super::faults::{self, Fault, Span};
use super::super::node::{Node, Slot};
use super::super::source::wildcard;
use super::build::Builder;
use super::{Running, Step, TailStep};

impl Builder<'_> {
    /// CWL_QuerySyntax-CountFrequent. AWS's counts are approximate, ours exact.
    pub(super) fn count_frequent(&mut self, names: &[Name], command: &Command) -> Result<(), Fault> {
        self.before_stats(command)?;
        let span = command.span;
        let expr = |kind| Expr { kind, span };
        let by: Vec<Item> =
            names.iter().map(|name| Item { expr: expr(Kind::Field(name.clone())), alias: None }).collect();
        let star = expr(Kind::Star);
        let count = expr(Kind::Call { name: "count".to_owned(), args: vec![star] });
        let alias = named("_approxcount", span);
        self.group(&[Item { expr: count, alias: Some(alias.clone()) }], &by)?;
        self.sort(&[Key { expr: expr(Kind::Field(alias)), descending: true }])
    }

    pub(super) fn running(&mut self, running: &ast::Running) -> Result<(), Fault> {
        let step = match running {
            ast::Running::Accum { field, into } => {
                let node = self.scope.field(field)?;
                Running::Sum(node, self.new_column(into)?)
            }
            ast::Running::Autoregress { field, alias, first, last } => {
                let node = self.scope.field(field)?;
                let name = |lag: usize| named(&format!("{}_p{lag}", field.joined()), field.span);
                let name = |lag: usize| alias.clone().unwrap_or_else(|| name(lag));
                let slots = (*first..=*last).map(|lag| Ok((lag, self.new_column(&name(lag))?)));
                Running::Lag(node, slots.collect::<Result<_, Fault>>()?)
            }
            ast::Running::FillDown(names) => Running::Fill(self.filled(names)?),
        };
        self.rest.push(TailStep::Running(step));
        Ok(())
    }

    fn new_column(&mut self, name: &Name) -> Result<Slot, Fault> {
        let slot = self.scope.define(name)?;
        self.show(name.joined(), slot, name.span);
        Ok(slot)
    }

    /// The fields of names; those with wildcards are names of columns.
    fn filled(&mut self, names: &[String]) -> Result<Vec<Slot>, Fault> {
        let mut slots = Vec::new();
        for name in names {
            if name.contains('*') {
                let like = self.shown().iter().filter(|(column, _)| wildcard(name, column));
                slots.extend(like.map(|(_, slot)| *slot).collect::<Vec<_>>());
            } else if let Node::Slot(slot) = self.scope.field(&named(name, Span::default()))? {
                slots.push(slot);
            }
        }
        if names.is_empty() {
            slots = self.shown().iter().map(|(_, slot)| *slot).collect();
        }
        Ok(slots)
    }

    fn shown(&self) -> &[(String, Slot)] {
        self.displayed.as_deref().unwrap_or(&self.columns)
    }

    /// CWL_QuerySyntax-Addtotals, of rows.
    pub(super) fn add_totals(&mut self, into: Option<&Name>, fields: &[Name], span: Span) -> Result<(), Fault> {
        let mut parts = fields.iter().map(|field| self.scope.field(field)).collect::<Result<Vec<_>, _>>()?;
        if fields.is_empty() {
            parts = self.shown().iter().map(|(_, slot)| Node::Slot(*slot)).collect();
        }
        if parts.is_empty() {
            return Err(faults::order("addtotals", "needs fields", span));
        }
        let name = into.cloned().unwrap_or_else(|| named("Total", span));
        let slot = self.new_column(&name)?;
        self.step(Step::Set(slot, Node::Total(parts)));
        Ok(())
    }
}

fn named(name: &str, span: Span) -> Name {
    let parts = name.split('.').map(|word| Part::Word(word.to_owned())).collect();
    Name { parts, span }
}
