//! Event patterns and filter policies, events, and templates that are filled in with them.

use std::collections::BTreeMap;

use trailcam::patterns::{Dialect, Index, Rules, Tree};
use trailcam::services::events::{Reserved, Schedule, Template};

/// Any pattern, against any event, into any template: one after the other, apart by empty lines.
pub fn events(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut parts = text.splitn(3, "\n\n");
    let (pattern, event, template) = (part(&mut parts), part(&mut parts), part(&mut parts));
    let start = "2026-01-01T12:00:00Z".parse().expect("a time");
    let schedule = Schedule::parse(pattern).and_then(|schedule| schedule.next_after(start));
    assert!(schedule.is_none_or(|next| next > start));
    let split = Tree::read_event(event);
    let event = Tree::read(event);
    for (dialect, event) in [(Dialect::EventPattern, &split), (Dialect::FilterPolicy, &event)] {
        match (Rules::parse(pattern, dialect), event) {
            (Ok(rules), Ok(event)) => agree(rules, event),
            (Err(flaw), _) => drop(flaw.quoting(pattern)),
            _ => {}
        }
    }
    let Ok(event) = event else { return };
    let again = event.to_string();
    assert_eq!(Tree::read(&again).as_ref(), Ok(&event));
    let paths = BTreeMap::from([("a".to_owned(), "$.detail.a[*]".to_owned()), ("b".to_owned(), "$.b".to_owned())]);
    if let Ok(template) = Template::parse(&paths, template) {
        template.render(&event, &Reserved { rule_arn: "arn", rule_name: "rule", ingestion_time: start });
    }
}

fn part<'t>(parts: &mut impl Iterator<Item = &'t str>) -> &'t str {
    parts.next().unwrap_or_default()
}

/// The index must not miss what matches.
fn agree(rules: Rules, event: &Tree) {
    let matches = rules.hold_of(event);
    let mut index = Index::default();
    index.insert((), rules);
    assert_eq!(index.matching(event).len(), usize::from(matches));
    index.remove(&());
    assert!(index.matching(event).is_empty());
}
