//! What an alarm's state is, and since when.

use std::fmt;

use crate::world::time::Time;

/// One of the three states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    Ok,
    Alarm,
    InsufficientData,
}

impl Value {
    pub fn parse(name: &str) -> Option<Value> {
        Some(match name {
            "OK" => Value::Ok,
            "ALARM" => Value::Alarm,
            "INSUFFICIENT_DATA" => Value::InsufficientData,
            _ => return None,
        })
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Value::Ok => "OK",
            Value::Alarm => "ALARM",
            Value::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An alarm's state.
#[derive(Clone, Debug)]
pub struct State {
    pub value: Value,
    /// A sentence.
    pub reason: String,
    /// The same as JSON, where there is something to tell.
    pub data: Option<String>,
    /// `StateUpdatedTimestamp`: the last update of anything about the state.
    pub updated: Time,
    /// `StateTransitionedTimestamp`: the last change of the value.
    pub transitioned: Time,
    /// What keeps a composite alarm from acting.
    pub suppressed: Option<Suppression>,
}

/// What keeps a composite alarm from acting
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// It waits for its suppressor to go into ALARM, until then.
    WaitPeriod(Time),
    /// Its suppressor has left ALARM; it waits until then.
    ExtensionPeriod(Time),
    /// Its suppressor is in ALARM.
    Alarm,
}

impl Suppression {
    pub fn as_str(self) -> &'static str {
        match self {
            Suppression::WaitPeriod(_) => "WaitPeriod",
            Suppression::ExtensionPeriod(_) => "ExtensionPeriod",
            Suppression::Alarm => "Alarm",
        }
    }

    /// `ActionsSuppressedReason`
    pub fn reason(self) -> String {
        format!("Actions suppressed by {}", self.as_str())
    }

    /// When it ends by itself.
    pub fn until(self) -> Option<Time> {
        match self {
            Suppression::WaitPeriod(until) | Suppression::ExtensionPeriod(until) => Some(until),
            Suppression::Alarm => None,
        }
    }
}

impl State {
    /// What every alarm starts with.
    pub fn initial(now: Time) -> State {
        State {
            value: Value::InsufficientData,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            data: None,
            updated: now,
            transitioned: now,
            suppressed: None,
        }
    }
}
