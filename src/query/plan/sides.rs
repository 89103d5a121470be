//! The two sides of a join (CWL_QuerySyntax-Join): what they are called by, and which right fields are asked for.

use super::super::ast::{Command, Expr, Item, Join, Kind, Name, Script, Verb};
use super::super::faults::{Fault, Span};
use super::super::inner::{Found, Inner, Table};
use super::super::node::{Node, Slot};
use super::Step;
use super::build::Builder;
use super::scope::Scope;

/// A join whose stage has not ended. Commands after it name fields of either side.
pub struct Sides {
    join: Join,
    span: Span,
    /// Its place among the queries that run before.
    number: usize,
    /// The right fields that are asked for, and where their values go.
    wanted: Vec<(Name, Slot)>,
}

/// Which side a field is of, without the side's name. Fields without one are of the left side.
pub enum Side {
    Left(Name),
    Right(Name),
}

impl Sides {
    pub fn side(&self, name: &Name) -> Option<Side> {
        let right = name.of(&self.join.right).map(Side::Right);
        right.or_else(|| name.of(&self.join.left).map(Side::Left))
    }

    pub fn wanted(&self, name: &Name) -> Option<Slot> {
        self.wanted.iter().find(|(known, _)| known.joined() == name.joined()).map(|(_, slot)| *slot)
    }

    pub fn want(&mut self, name: Name, slot: Slot) {
        self.wanted.push((name, slot));
    }

    /// The query of the right side: its key and what is asked for.
    fn inner(&self) -> Inner {
        let names = std::iter::once(&self.join.right_key).chain(self.wanted.iter().map(|(name, _)| name));
        let field = |name: &Name| Expr { kind: Kind::Field(name.clone()), span: name.span };
        let items = names.map(|name| Item { expr: field(name), alias: None }).collect();
        let command = Command { verb: Verb::Fields(items), span: self.span };
        Inner {
            script: Script { source: Some(self.join.source.clone()), commands: vec![command] },
            column: self.join.right_key.joined(),
            span: self.span,
        }
    }

    fn table(&self, found: Option<&Found>) -> Result<Table, Fault> {
        let wanted: Vec<String> = self.wanted.iter().map(|(name, _)| name.joined()).collect();
        let key = self.join.right_key.joined();
        found.map_or(Ok(Table::default()), |found| Table::new(found, &key, &wanted, self.span))
    }
}

impl Builder<'_> {
    pub(super) fn join(&mut self, join: &Join, span: Span) -> Result<(), Fault> {
        let key = self.scope.field(&join.left_key)?;
        let sides = Sides { join: join.clone(), span, number: self.scope.inner.len(), wanted: Vec::new() };
        // What is asked for is known only at the end of the stage.
        self.scope.inner.push(sides.inner());
        self.scope.sides = Some(sides);
        self.step(Step::Join { key, table: Table::default(), slots: Vec::new(), outer: join.outer });
        Ok(())
    }

    /// Ends what [`Builder::join`] began.
    pub(super) fn end_join(&mut self) -> Result<(), Fault> {
        let Some(sides) = self.scope.sides.take() else { return Ok(()) };
        let found = sides.table(self.scope.found.get(sides.number))?;
        if let Some(inner) = self.scope.inner.get_mut(sides.number) {
            *inner = sides.inner();
        }
        for step in self.all_steps() {
            if let Step::Join { table, slots, .. } = step {
                *slots = sides.wanted.iter().map(|(_, slot)| *slot).collect();
                *table = found;
                break;
            }
        }
        Ok(())
    }
}

impl Scope<'_> {
    /// A right field's value.
    pub(super) fn right(&mut self, name: Name) -> Node {
        let known = self.sides.as_ref().and_then(|sides| sides.wanted(&name));
        let slot = known.unwrap_or_else(|| {
            let slot = self.slot(super::Origin::Computed);
            if let Some(sides) = &mut self.sides {
                sides.want(name, slot);
            }
            slot
        });
        Node::Slot(slot)
    }
}
