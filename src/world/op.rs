//! How services declare their operations: one function and one table line each.

use crate::contract::{Contract, ShapeId};
use crate::wire::{Fault, Value};

use super::call::Cx;
use super::fields::{Field, IntoOutput, Output};

/// One implemented operation: what the contract cannot know, and the function that does it.
pub struct Op {
    /// Name in the contract.
    pub name: &'static str,
    pub access: Access,
    pub category: Category,
    /// Whether AWS writes records of such calls.
    pub recorded: bool,
    /// Types and members that name the resources, for `LookupEvents`: `("AWS::CloudTrail::Trail", "Name")`.
    pub resources: &'static [(&'static str, &'static str)],
    /// Reads the typed input, runs the handler, writes the typed output.
    pub run: fn(&mut Cx<'_>, &Value) -> Result<Output, Fault>,
    /// Member names of the handler's types that the contract does not have; empty unless misspelt.
    pub misfits: fn(&Contract, Option<ShapeId>, Option<ShapeId>) -> Vec<String>,
}

/// Whether an operation changes anything: `readOnly` in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

impl Access {
    /// For operations without a table line: AWS's verbs tell.
    pub fn of_name(name: &str) -> Access {
        const READS: [&str; 12] = [
            "Get", "List", "Describe", "Head", "Lookup", "Search", "Filter", "Test", "Simulate", "BatchGet", "Select",
            "Validate",
        ];
        if READS.iter().any(|verb| name.starts_with(verb)) { Access::Read } else { Access::Write }
    }
}

/// `eventCategory` in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Management,
    Data,
}

impl Op {
    /// A management operation.
    pub const fn new(
        name: &'static str,
        access: Access,
        run: fn(&mut Cx<'_>, &Value) -> Result<Output, Fault>,
        misfits: fn(&Contract, Option<ShapeId>, Option<ShapeId>) -> Vec<String>,
    ) -> Op {
        Op { name, access, category: Category::Management, recorded: true, resources: &[], run, misfits }
    }

    /// Records are data events.
    pub const fn data(mut self) -> Op {
        self.category = Category::Data;
        self
    }

    /// Leaves no records, as the operation does not with AWS.
    pub const fn unrecorded(mut self) -> Op {
        self.recorded = false;
        self
    }

    /// Members (of the input, else of the output) that name resources, with the resources' types.
    pub const fn resources(mut self, resources: &'static [(&'static str, &'static str)]) -> Op {
        self.resources = resources;
        self
    }
}

/// Runs a typed handler over trees. Called by [`op!`](crate::op).
pub fn typed<I: Field, O: IntoOutput>(
    cx: &mut Cx<'_>,
    input: &Value,
    handler: impl FnOnce(&mut Cx<'_>, I) -> Result<O, Fault>,
) -> Result<Output, Fault> {
    handler(cx, I::read(Some(input))).map(IntoOutput::into_output)
}

/// Lists member names that the contract lacks. Called by [`op!`](crate::op); the handler is passed for its types only.
pub fn misfits<I: Field, O: IntoOutput>(
    contract: &Contract,
    input: Option<ShapeId>,
    output: Option<ShapeId>,
    _handler: impl FnOnce(&mut Cx<'_>, I) -> Result<O, Fault>,
) -> Vec<String> {
    let mut out = Vec::new();
    I::misfits(contract, input, "input", &mut out);
    O::misfits(contract, output, "output", &mut out);
    out
}

/// One table line: `op!(Write "CreateTrail" create_trail)`, where
/// `fn create_trail(cx: &mut Cx, input: CreateTrail) -> Result<Trail, Fault>`.
#[macro_export]
macro_rules! op {
    ($access:ident $name:literal $handler:path) => {
        $crate::world::op::Op::new(
            $name,
            $crate::world::op::Access::$access,
            |cx, input| $crate::world::op::typed(cx, input, $handler),
            |contract, input, output| $crate::world::op::misfits(contract, input, output, $handler),
        )
    };
}
