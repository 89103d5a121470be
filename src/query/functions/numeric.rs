//! Numeric functions.

use super::super::value::Value;
use super::{Function, MANY, function, number, or_absent};

pub const FUNCTIONS: &[Function] = &[
    function("abs", 1, 1, |args| of_one(args, f64::abs)),
    function("ceil", 1, 1, |args| of_one(args, f64::ceil)),
    function("floor", 1, 1, |args| of_one(args, f64::floor)),
    function("greatest", 1, MANY, |args| of_all(args, f64::max)),
    function("least", 1, MANY, |args| of_all(args, f64::min)),
    function("log", 1, 1, |args| of_one(args, f64::ln)),
    function("sqrt", 1, 1, |args| of_one(args, f64::sqrt)),
    function("round", 1, 2, |args| or_absent(round(args))),
    function("haversine", 4, 4, |args| or_absent(haversine(args))),
    function("toNumber", 1, 1, |args| of_one(args, |number| number)),
    function("toDouble", 1, 1, |args| of_one(args, |number| number)),
    function("toInt", 1, 1, |args| or_absent(to_int(args, f64::from(i32::MIN), f64::from(i32::MAX)))),
    function("toLong", 1, 1, |args| or_absent(to_int(args, i64::MIN as f64, i64::MAX as f64))),
    function("pow", 2, 2, |args| or_absent(pow(args))),
];

/// The kilometers of the Earth's mean radius.
const EARTH_RADIUS: f64 = 6371.0;

fn of_one<'v>(args: &[Value], compute: fn(f64) -> f64) -> Value<'v> {
    number(args, 0).map_or(Value::Absent, |number| Value::number(compute(number)))
}

fn of_all<'v>(args: &[Value], compute: fn(f64, f64) -> f64) -> Value<'v> {
    let numbers: Option<Vec<f64>> = args.iter().map(Value::to_number).collect();
    or_absent(numbers.and_then(|numbers| numbers.into_iter().reduce(compute)).map(Value::number))
}

/// Halves are rounded away from zero.
fn round<'v>(args: &[Value]) -> Option<Value<'v>> {
    let value = number(args, 0)?;
    let digits = if args.len() > 1 { number(args, 1)?.clamp(-15.0, 15.0) as i32 } else { 0 };
    let scale = 10f64.powi(digits);
    Some(Value::number((value * scale).round() / scale))
}

fn haversine<'v>(args: &[Value]) -> Option<Value<'v>> {
    let degrees = [0, 1, 2, 3].map(|index| number(args, index));
    let [Some(lat1), Some(lon1), Some(lat2), Some(lon2)] = degrees.map(|degree| degree.map(f64::to_radians)) else {
        return None;
    };
    let (height, width) = ((lat2 - lat1) / 2.0, (lon2 - lon1) / 2.0);
    let chord = height.sin().powi(2) + lat1.cos() * lat2.cos() * width.sin().powi(2);
    Some(Value::number(2.0 * EARTH_RADIUS * chord.sqrt().min(1.0).asin()))
}

fn to_int<'v>(args: &[Value], least: f64, most: f64) -> Option<Value<'v>> {
    number(args, 0).map(f64::trunc).filter(|number| (least..=most).contains(number)).map(Value::number)
}

fn pow<'v>(args: &[Value]) -> Option<Value<'v>> {
    Some(Value::number(number(args, 0)?.powf(number(args, 1)?)))
}
