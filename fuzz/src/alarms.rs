//! Rules of composite alarms.

use trailcam::services::cloudwatch::alarms::rule::Rule;
use trailcam::services::cloudwatch::alarms::state::Value;

/// Any rule, with its alarms in any states: the first byte tells them.
pub fn alarms(data: &[u8]) {
    let Some((states, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match Rule::parse(text) {
        Ok(rule) => {
            let state =
                |n: usize| [Value::Ok, Value::Alarm, Value::InsufficientData][(usize::from(*states) + n * n) % 3];
            let states: Vec<Value> = (0..rule.children.len()).map(state).collect();
            let negated = Rule::parse(&format!("NOT ({text})"));
            if let Ok(negated) = negated {
                assert_ne!(negated.holds(&states), rule.holds(&states));
            }
        }
        Err(flaw) => assert!(flaw.position <= text.chars().count()),
    }
}
