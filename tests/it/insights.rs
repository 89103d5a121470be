//! The book of Logs Insights QL, `tests/insights/`, whose examples are run.

use std::path::Path;

use chrono::NaiveDateTime;
use trailcam::query::{Bounds, Execution, Found, Line, Query, Results};

/// A log event of the book.
struct Event {
    timestamp_ms: i64,
    message: String,
    stream: String,
    log: String,
    ptr: String,
}

impl Event {
    fn group(&self) -> &str {
        self.log.split_once(':').expect("an account and a group").1
    }
}

/// What a page says a query gives.
#[derive(Debug, PartialEq)]
enum Expected {
    /// Names, and the rows' cells; a row ends with whether it carries a pointer.
    Table(Vec<String>, Vec<Vec<String>>),
    Nothing,
    Error {
        message: String,
        place: String,
    },
}

#[test]
fn the_book_is_true() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/insights");
    let mut failures = Vec::new();
    let mut examples = 0;
    let mut pages: Vec<_> = std::fs::read_dir(folder).expect("the book").map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    for page in pages.iter().filter(|page| !page.ends_with("README.md")) {
        let text = std::fs::read_to_string(page).expect("a page");
        let name = page.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Page::new(&text).each_example(&mut |line, events, group, query, expected| {
            examples += 1;
            if let Err(failure) = check(events, group, query, expected) {
                failures.push(format!("{name}:{line}\n{query}\n{failure}\n"));
            }
        });
    }
    assert!(failures.is_empty(), "{} of {examples} examples:\n{}", failures.len(), failures.join("\n"));
    assert!(examples > 150, "only {examples} examples were found");
}

fn check(events: &[Event], group: &str, text: &str, expected: &Expected) -> Result<(), String> {
    let query = match (Query::parse(text), expected) {
        (Ok(query), _) => query,
        (Err(error), Expected::Error { message, place }) => {
            let found = format!("{} [{}..{}]", error.message, error.start, error.end);
            return same(&found, &format!("{message} [{place}]"));
        }
        (Err(error), _) => return Err(format!("{error} [{}..{}]", error.start, error.end)),
    };
    let printed = query.to_string();
    let again = Query::parse(&printed).map_err(|error| format!("{printed}: {error}"))?;
    same(&again.to_string(), &printed)?;
    let found: Vec<Found> =
        query.inner().iter().map(|inner| execute(inner, &[&of(inner, events, group)]).found()).collect();
    let query = query.resolved(&found).map_err(|error| error.to_string())?;
    let forth: Vec<&Event> = of(&query, events, group);
    let back: Vec<&Event> = forth.iter().rev().copied().collect();
    let whole = run(&query, &[&forth]);
    if *expected != shown(&whole, expected) {
        return Err(format!("expected {expected:#?}\nfound {:#?}", shown(&whole, expected)));
    }
    // Neither the order of events nor how they are split matters.
    for parts in [vec![&back[..]], forth.len().checked_div(2).map(|half| vec![&forth[half..], &forth[..half]]).unwrap()]
    {
        same(&format!("{:#?}", run(&query, &parts)), &format!("{whole:#?}"))?;
    }
    let singly: Vec<_> = [&[][..]].into_iter().chain(forth.chunks(1).rev()).collect();
    same(&format!("{:#?}", run(&query, &singly)), &format!("{whole:#?}"))
}

/// The events that a query reads: those of the groups that it names, or of the group it is asked of.
fn of<'e>(query: &Query, events: &'e [Event], group: &str) -> Vec<&'e Event> {
    let named = |event: &&Event| match query.source() {
        None => group.is_empty() || group == event.group(),
        Some(source) if source.names.is_empty() => {
            let prefixes = &source.name_prefixes;
            prefixes.is_empty() || prefixes.iter().any(|prefix| event.group().starts_with(prefix))
        }
        Some(source) => source.names.iter().any(|name| name == event.group()),
    };
    events.iter().filter(named).collect()
}

fn same(found: &str, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("expected {expected}\nfound    {found}")) }
}

/// Runs a query over parts of the events, one execution each.
fn run(query: &Query, parts: &[&[&Event]]) -> Results {
    execute(query, parts).finish()
}

fn execute(query: &Query, parts: &[&[&Event]]) -> Execution {
    let bounds = Bounds {
        start_ms: moment("2026-01-15 00:00:00"),
        end_ms: moment("2026-01-15 23:59:59.999"),
        limit: None,
        now_ms: moment("2026-01-15 12:00:00"),
    };
    let ranges = query.ranges(bounds);
    let mut runs = parts.iter().map(|part| {
        let mut run = query.execution(bounds);
        for event in *part {
            if ranges.iter().any(|(start, end)| (*start..=*end).contains(&event.timestamp_ms)) {
                feed(&mut run, event);
            }
        }
        run
    });
    let mut whole = runs.next().expect("a part");
    runs.for_each(|run| whole.merge(run));
    whole
}

fn feed(run: &mut Execution, event: &Event) {
    run.feed(&Line {
        timestamp_ms: event.timestamp_ms,
        ingestion_ms: event.timestamp_ms + 500,
        message: &event.message,
        stream: &event.stream,
        log: &event.log,
        ptr: &|| event.ptr.clone(),
    });
}

/// Results in the form of what is expected. Columns are compared in order within each row.
fn shown(results: &Results, expected: &Expected) -> Expected {
    let Expected::Table(names, _) = expected else {
        return if results.rows.is_empty() { Expected::Nothing } else { shown_table(results, Vec::new()) };
    };
    shown_table(results, names.clone())
}

fn shown_table(results: &Results, names: Vec<String>) -> Expected {
    let rows = results.rows.iter().map(|row| {
        let row: Vec<_> = row.iter().filter(|(name, _)| name != "@ptr").collect();
        let cells = names.iter().map(|name| row.iter().find(|(known, _)| known == name));
        let mut cells: Vec<String> =
            cells.map(|cell| cell.map(|(_, value)| value.clone()).unwrap_or_default()).collect();
        // What the table has no column for, and what stands in another order, is told.
        let order: Vec<_> = row.iter().filter_map(|(name, _)| names.iter().position(|known| known == name)).collect();
        if !order.is_sorted() || order.len() != row.len() {
            cells.push(format!("{row:?}"));
        }
        cells
    });
    Expected::Table(names.clone(), rows.collect())
}

fn moment(text: &str) -> i64 {
    let moment = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").expect("a time");
    moment.and_utc().timestamp_millis()
}

/// Takes an example: its line, the events before it, the group that is asked, the query and its result.
type Visit<'v> = dyn FnMut(usize, &[Event], &str, &str, &Expected) + 'v;

/// A page, read line by line.
struct Page<'p> {
    lines: Vec<&'p str>,
    at: usize,
    events: Vec<Event>,
}

impl<'p> Page<'p> {
    fn new(text: &'p str) -> Page<'p> {
        Page { lines: text.lines().collect(), at: 0, events: Vec::new() }
    }

    fn each_example(&mut self, visit: &mut Visit) {
        while let Some(line) = self.next() {
            if line.starts_with('#') {
                self.events.clear();
            } else if let Some(options) = line.strip_prefix("```log") {
                self.log(options);
            } else if let Some(options) = line.strip_prefix("```insights") {
                let number = self.at;
                let query = self.block().join("\n");
                let expected = self.expected().unwrap_or_else(|| panic!("line {number}: no result"));
                visit(number, &self.events, &option(options, "group", ""), &query, &expected);
            }
        }
    }

    fn next(&mut self) -> Option<&'p str> {
        let line = self.lines.get(self.at).copied();
        self.at += 1;
        line
    }

    /// The lines to the end of a block.
    fn block(&mut self) -> Vec<&'p str> {
        let mut lines = Vec::new();
        while let Some(line) = self.next().filter(|line| *line != "```") {
            lines.push(line);
        }
        lines
    }

    fn log(&mut self, options: &str) {
        let stream = option(options, "stream", "stream");
        let log = format!("123456789012:{}", option(options, "group", "group"));
        for line in self.block() {
            let (time, message) = line.split_once("  ").unwrap_or_else(|| panic!("no time: {line}"));
            let time = if time.contains('-') { time.to_owned() } else { format!("2026-01-15 {time}") };
            self.events.push(Event {
                timestamp_ms: moment(&time),
                message: message.to_owned(),
                stream: stream.clone(),
                log: log.clone(),
                ptr: format!("ptr-{:04}", self.events.len()),
            });
        }
    }

    /// The first result after a query.
    fn expected(&mut self) -> Option<Expected> {
        loop {
            let line = self.next()?;
            if line == "no rows" {
                return Some(Expected::Nothing);
            }
            if let Some(place) = line.strip_prefix("```error ") {
                return Some(Expected::Error { message: self.block().join("\n"), place: place.to_owned() });
            }
            if line.starts_with('|') {
                return Some(self.table(line));
            }
        }
    }

    fn table(&mut self, head: &str) -> Expected {
        let names: Vec<String> = cells(head).into_iter().filter(|name| !name.is_empty()).collect();
        self.next();
        let mut rows = Vec::new();
        while let Some(line) = self.next().filter(|line| line.starts_with('|')) {
            rows.push(cells(line).into_iter().take(names.len()).collect());
        }
        Expected::Table(names, rows)
    }
}

fn option(options: &str, key: &str, default: &str) -> String {
    let found = options.split_whitespace().find_map(|option| option.strip_prefix(&format!("{key}=")));
    found.unwrap_or(default).to_owned()
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')).unwrap_or(line);
    let marked = inner.replace("\\|", "\u{1}");
    let cells = marked.split('|').map(|cell| cell.trim().replace('\u{1}', "|").replace("\\n", "\n"));
    cells.map(|cell| cell.replace("\\t", "\t")).collect()
}
