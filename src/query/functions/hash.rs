//! Hashing functions (CWL_QuerySyntax-hash-functions): lower-case hexadecimal.

use std::fmt::Write;

use md5::{Digest, Md5};
use sha2::Sha256;

use super::super::value::Value;
use super::{Function, function, or_absent, text};

pub const FUNCTIONS: &[Function] = &[
    function("md5", 1, 1, |args| or_absent(digest::<Md5>(args))),
    function("sha256", 1, 1, |args| or_absent(digest::<Sha256>(args))),
];

fn digest<'v, D: Digest>(args: &mut [Value<'v>]) -> Option<Value<'v>> {
    let bytes = D::digest(text(args, 0)?.as_bytes());
    let mut hex = String::with_capacity(bytes.len() * 2);
    for byte in bytes.as_slice() {
        write!(hex, "{byte:02x}").ok()?;
    }
    Some(Value::owned(hex))
}
