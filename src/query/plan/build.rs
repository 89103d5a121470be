//! From commands to a plan: the order that commands may have, and what each does.

use super::super::ast::{Command, Expr, Form, Item, Key, Kind, Name, Part, Script, Shift, Verb};
use super::super::extract::Extractor;
use super::super::faults::{self, Fault, Span};
use super::super::inner::Found;
use super::super::node::{Node, Slot};
use super::scope::{Scope, regex};
use super::{DIFF_COLUMNS, End, Origin, PATTERN_COLUMNS, Patterns, Plan, Stage, Step, Tail, TailStep};

/// As many `stats` as a query of the Standard log class may have (CWL_QuerySyntax-Stats).
const STATS_MAX: usize = 10;

/// The plan of a query, or the first rule it breaks. What inner queries found may not be known yet.
pub fn compile(script: &Script, text: &str, found: &[Found]) -> Result<Plan, Fault> {
    let mut builder = Builder::new(text, found);
    for (index, command) in script.commands.iter().enumerate() {
        builder.scope.command = index;
        builder.command(command, script.commands.get(index + 1))?;
    }
    builder.finish()
}

pub(super) struct Builder<'t> {
    pub text: &'t str,
    pub scope: Scope<'t>,
    stages: Vec<Stage>,
    indexed: Vec<String>,
    pub steps: Vec<Step>,
    keys: Vec<(Node, bool)>,
    pub rest: Vec<TailStep>,
    /// What `fields`, `parse` and the like show; and what `display` shows instead.
    pub columns: Vec<(String, Slot)>,
    pub displayed: Option<Vec<(String, Slot)>>,
    /// `fields` after `stats` shows what it names, not all columns.
    fresh: bool,
    /// Names that show a log event's field and later got another meaning.
    shadowed: Vec<(String, Span)>,
    stats: usize,
    /// The command that allows no other after it but some.
    sorted: bool,
    deduplicated: bool,
    enough: Option<usize>,
    /// The command after this `pattern` is the `diff` that belongs to it.
    diff_follows: bool,
    joined: bool,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, found: &'t [Found]) -> Builder<'t> {
        Builder {
            text,
            scope: Scope::new(found),
            stages: Vec::new(),
            indexed: Vec::new(),
            steps: Vec::new(),
            keys: Vec::new(),
            rest: Vec::new(),
            columns: Vec::new(),
            displayed: None,
            fresh: false,
            shadowed: Vec::new(),
            stats: 0,
            sorted: false,
            deduplicated: false,
            enough: None,
            diff_follows: false,
            joined: false,
        }
    }

    fn command(&mut self, command: &Command, next: Option<&Command>) -> Result<(), Fault> {
        if self.deduplicated && !matches!(command.verb, Verb::Limit { .. }) {
            return Err(faults::unexpected(self.keyword(command), "limit after dedup", command.span));
        }
        match &command.verb {
            Verb::Fields(items) => self.fields(items),
            Verb::Display(items) => self.display(items),
            Verb::Filter(condition) => self.filter(condition),
            Verb::FilterIndex(condition) => self.filter_index(condition),
            Verb::Stats { items, by } => {
                self.before_stats(command)?;
                self.group(items, by)
            }
            Verb::Sort(keys) => self.sort(keys),
            Verb::Limit { any, count } => self.limit(*any, *count, command),
            Verb::Dedup(names) => self.dedup(names),
            Verb::Parse { subject, form } => self.parse(subject.as_ref(), form, command.span),
            Verb::Json { field, path, alias } => self.json(field, path, alias),
            Verb::Pattern(subject) => self.pattern(subject, command, next),
            Verb::Diff(_) if std::mem::take(&mut self.diff_follows) => Ok(()),
            Verb::Diff(_) => Err(faults::diff_without_pattern(command.span)),
            Verb::Unmask(names) => names.iter().try_for_each(|name| self.scope.field(name).map(drop)),
            Verb::Unnest { list, into } => self.unnest(list, into),
            Verb::Expand(name) => self.expand(name),
            Verb::Join(_) if std::mem::replace(&mut self.joined, true) => {
                Err(faults::too_many("join commands", 1, command.span))
            }
            Verb::CountFrequent(names) => self.count_frequent(names, command),
            Verb::Running(running) => self.running(running),
            Verb::AddTotals { into, fields } => self.add_totals(into.as_ref(), fields, command.span),
            Verb::Join(join) => self.join(join, command.span),
        }
    }

    fn keyword(&self, command: &Command) -> &'t str {
        let text = &self.text[command.span.start..command.span.end];
        text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default()
    }

    /// Rows go through a step as soon as they can: sorting does not change them.
    pub fn step(&mut self, step: Step) {
        if self.rest.is_empty() {
            self.steps.push(step);
        } else {
            self.rest.push(TailStep::Step(step));
        }
    }

    fn fields(&mut self, items: &[Item]) -> Result<(), Fault> {
        if std::mem::take(&mut self.fresh) {
            self.columns.clear();
        }
        for item in items {
            let (name, slot) = self.item(item)?;
            self.show(name, slot, item.expr.span);
        }
        Ok(())
    }

    fn display(&mut self, items: &[Item]) -> Result<(), Fault> {
        let shown = items.iter().map(|item| self.item(item)).collect::<Result<Vec<_>, _>>()?;
        let mut columns: Vec<(String, Slot)> = Vec::new();
        for (name, slot) in shown {
            put(&mut columns, name, slot);
        }
        self.displayed = Some(columns);
        Ok(())
    }

    /// An item's name and the place of its value.
    fn item(&mut self, item: &Item) -> Result<(String, Slot), Fault> {
        let name = self.label(item);
        let node = self.scope.node(&item.expr)?;
        if let (Node::Slot(slot), None) = (&node, &item.alias) {
            return Ok((name, *slot));
        }
        let slot = match &item.alias {
            Some(alias) => self.scope.define(alias)?,
            None => self.scope.slot(Origin::Computed),
        };
        self.step(Step::Set(slot, node));
        Ok((name, slot))
    }

    /// The name of a column: its alias, or its text with white space made one.
    pub fn label(&self, item: &Item) -> String {
        match (&item.alias, &item.expr.kind) {
            (Some(alias), _) => alias.joined(),
            (None, Kind::Field(name)) => name.joined(),
            _ => {
                let text = &self.text[item.expr.span.start..item.expr.span.end];
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// Adds a column to what is shown.
    pub fn show(&mut self, name: String, slot: Slot, span: Span) {
        let known = self.columns.iter().find(|(known, _)| *known == name);
        if known.is_some_and(|(_, before)| *before != slot) && !self.scope.closed {
            self.shadowed.push((name.clone(), span));
        }
        put(&mut self.columns, name, slot);
    }

    fn filter(&mut self, condition: &Expr) -> Result<(), Fault> {
        self.scope.filters = true;
        let node = self.scope.node(condition)?;
        self.scope.filters = false;
        self.step(Step::Filter(node));
        Ok(())
    }

    /// Only `=` and `in`, joined by `and`, can use an index (CWL_QuerySyntax-FilterIndex).
    fn filter_index(&mut self, condition: &Expr) -> Result<(), Fault> {
        let mut open = vec![condition];
        while let Some(expr) = open.pop() {
            match &expr.kind {
                Kind::Binary(super::super::ast::Operator::And, left, right) => open.extend([&**left, &**right]),
                Kind::Binary(super::super::ast::Operator::Equal, field, _)
                | Kind::In { subject: field, negated: false, .. } => match &field.kind {
                    Kind::Field(name) => self.indexed.push(name.joined()),
                    _ => return Err(faults::argument_kind("filterIndex", "a field", field.span)),
                },
                _ => return Err(faults::argument_kind("filterIndex", "field = value or field in [values]", expr.span)),
            }
        }
        self.filter(condition)
    }

    pub fn before_stats(&mut self, command: &Command) -> Result<(), Fault> {
        self.stats += 1;
        if self.stats > STATS_MAX {
            return Err(faults::too_many("stats commands", STATS_MAX, command.span));
        }
        self.unsorted(command)?;
        match self.shadowed.first() {
            Some((name, span)) => Err(faults::unknown_symbol(name, *span)),
            None => Ok(()),
        }
    }

    /// `stats` and `pattern` come before `sort` and `limit`.
    fn unsorted(&self, command: &Command) -> Result<(), Fault> {
        let runs = self.rest.iter().any(|step| matches!(step, TailStep::Running(_)));
        let rule = match runs {
            true => "cannot come after accum, autoregress or filldown",
            false if self.sorted || !self.rest.is_empty() => "cannot come after sort, limit or dedup",
            false => return Ok(()),
        };
        Err(faults::order(self.keyword(command), rule, command.span))
    }

    pub fn sort(&mut self, keys: &[Key]) -> Result<(), Fault> {
        self.sorted = true;
        let mut nodes = Vec::new();
        for key in keys {
            nodes.push((self.scope.key(&key.expr)?, key.descending));
        }
        if self.rest.is_empty() {
            // The last sort decides first.
            nodes.append(&mut self.keys);
            self.keys = nodes;
        } else {
            self.rest.push(TailStep::Sort(nodes));
        }
        Ok(())
    }

    fn limit(&mut self, any: bool, count: usize, command: &Command) -> Result<(), Fault> {
        if any && (self.sorted || !self.stages.is_empty()) {
            return Err(faults::order("limit any", "cannot be used with sort, stats or pattern", command.span));
        }
        if any && self.rest.is_empty() {
            self.enough = Some(count);
        }
        self.rest.push(TailStep::Limit(count));
        Ok(())
    }

    fn dedup(&mut self, names: &[Name]) -> Result<(), Fault> {
        let nodes = names.iter().map(|name| self.scope.field(name)).collect::<Result<_, _>>()?;
        self.rest.push(TailStep::Dedup(nodes));
        self.deduplicated = true;
        Ok(())
    }

    fn parse(&mut self, subject: Option<&Expr>, form: &Form, span: Span) -> Result<(), Fault> {
        let subject = match subject {
            Some(subject) => self.scope.node(subject)?,
            None => self.scope.field(&Name { parts: vec![Part::Word("@message".to_owned())], span })?,
        };
        let (extractor, names) = extractor(form)?;
        let mut slots = Vec::new();
        for name in &names {
            let slot = self.scope.define(name)?;
            self.show(name.joined(), slot, name.span);
            slots.push(slot);
        }
        self.step(Step::Parse { subject, extractor, slots });
        Ok(())
    }

    fn json(&mut self, field: &Name, path: &str, alias: &Name) -> Result<(), Fault> {
        let whole = self.scope.whole(field)?;
        let path = path.split('.').map(|word| Part::Word(word.to_owned())).collect();
        let slot = self.scope.define(alias)?;
        self.show(alias.joined(), slot, alias.span);
        self.step(Step::Set(slot, Node::Extract(Box::new(whole), path)));
        Ok(())
    }

    fn unnest(&mut self, list: &Expr, into: &Name) -> Result<(), Fault> {
        let list = self.scope.node(list)?;
        let slot = self.scope.define(into)?;
        self.show(into.joined(), slot, into.span);
        self.step(Step::Unnest { list, slot, texts: false });
        Ok(())
    }

    /// The element takes the place of the list: the name means the element from here on.
    fn expand(&mut self, name: &Name) -> Result<(), Fault> {
        let list = self.scope.whole(name)?;
        let before = self.scope.field(name)?;
        let slot = self.scope.slot(Origin::Computed);
        self.scope.bind(name.joined(), slot);
        if let Node::Slot(before) = before {
            for column in self.columns.iter_mut().chain(self.displayed.iter_mut().flatten()) {
                if column.1 == before {
                    column.1 = slot;
                }
            }
        }
        self.step(Step::Unnest { list, slot, texts: true });
        Ok(())
    }

    fn pattern(&mut self, subject: &Expr, command: &Command, next: Option<&Command>) -> Result<(), Fault> {
        self.unsorted(command)?;
        if self.scope.closed {
            return Err(faults::order("pattern", "cannot come after stats or pattern", command.span));
        }
        let subject = self.scope.node(subject)?;
        let diff: Option<Shift> = match next.map(|next| &next.verb) {
            Some(Verb::Diff(shift)) => Some(*shift),
            _ => None,
        };
        self.diff_follows = diff.is_some();
        self.close(End::Pattern(Patterns { subject, diff }))?;
        let names: &[&str] = if diff.is_some() { &DIFF_COLUMNS } else { &PATTERN_COLUMNS };
        for name in names {
            let slot = self.scope.slot(Origin::Computed);
            self.scope.bind((*name).to_owned(), slot);
            self.columns.push(((*name).to_owned(), slot));
        }
        Ok(())
    }

    /// Ends a stage; the next one knows only its columns.
    pub fn close(&mut self, end: End) -> Result<(), Fault> {
        self.end_join()?;
        let next = self.scope.next();
        let scope = std::mem::replace(&mut self.scope, next);
        self.stages.push(scope.into_stage(std::mem::take(&mut self.steps), end));
        self.columns.clear();
        self.displayed = None;
        self.fresh = true;
        Ok(())
    }

    /// The steps of the stage so far.
    pub(super) fn all_steps(&mut self) -> impl Iterator<Item = &mut Step> {
        let late = self.rest.iter_mut().filter_map(|step| match step {
            TailStep::Step(step) => Some(step),
            _ => None,
        });
        self.steps.iter_mut().chain(late)
    }

    fn finish(mut self) -> Result<Plan, Fault> {
        self.end_join()?;
        let events = self.stages.is_empty();
        let mut columns = match self.displayed.take() {
            Some(displayed) => displayed,
            None => std::mem::take(&mut self.columns),
        };
        if columns.is_empty() {
            for (name, origin) in [("@timestamp", Origin::Timestamp), ("@message", Origin::Message)] {
                columns.push((name.to_owned(), self.scope.slot(origin)));
            }
        }
        let mut tail =
            Tail { keys: self.keys, rest: self.rest, columns, carried: Vec::new(), ptr: events, enough: self.enough };
        tail.carried = carried(&tail);
        let mut stages = self.stages;
        let inner = std::mem::take(&mut self.scope.inner);
        stages.push(self.scope.into_stage(self.steps, End::Rows(tail)));
        Ok(Plan { stages, indexed: self.indexed, inner, feeds: false })
    }
}

fn put(columns: &mut Vec<(String, Slot)>, name: String, slot: Slot) {
    match columns.iter_mut().find(|(known, _)| *known == name) {
        Some(column) => column.1 = slot,
        None => columns.push((name, slot)),
    }
}

fn carried(tail: &Tail) -> Vec<Slot> {
    let mut slots: Vec<Slot> = tail.columns.iter().map(|(_, slot)| *slot).collect();
    let mut visit = |slot| slots.push(slot);
    for step in &tail.rest {
        match step {
            TailStep::Sort(keys) => keys.iter().for_each(|(node, _)| node.each_slot(&mut visit)),
            TailStep::Dedup(nodes) => nodes.iter().for_each(|node| node.each_slot(&mut visit)),
            TailStep::Step(step) => step.each_slot(&mut visit),
            TailStep::Running(running) => running.each_slot(&mut visit),
            TailStep::Limit(_) => {}
        }
    }
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// How a `parse` takes texts apart, and the names of the parts.
fn extractor(form: &Form) -> Result<(Extractor, Vec<Name>), Fault> {
    Ok(match form {
        Form::Glob { pattern, names, .. } => (Extractor::glob(pattern), names.clone()),
        Form::Logfmt { name } => (Extractor::Logfmt, vec![name.clone()]),
        Form::Csv { names } => (Extractor::Csv, names.clone()),
        Form::Regex { pattern, names, multi, span } => {
            let regex = regex(pattern, *span)?;
            let groups: Vec<_> = regex.capture_names().skip(1).collect();
            let (indexes, names) = if names.is_empty() {
                let named = groups.iter().enumerate().filter_map(|(index, name)| Some((index + 1, (*name)?)));
                named.map(|(index, name)| (index, group_name(name, *span))).unzip()
            } else if names.len() == groups.len() {
                ((1..=groups.len()).collect(), names.clone())
            } else {
                return Err(faults::wildcards(groups.len(), names.len(), *span));
            };
            if names.is_empty() {
                return Err(faults::nothing_captured(*span));
            }
            (Extractor::Regex { regex, groups: indexes, multi: *multi }, names)
        }
    })
}

fn group_name(name: &str, span: Span) -> Name {
    Name { parts: vec![Part::Word(name.to_owned())], span }
}
