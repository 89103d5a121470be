//! Shapes that several resources are shown with.

use crate::record;

record! {
    /// A tag.
    pub struct Tag { key: String = "Key", value: String = "Value" }

    /// Whether public access is blocked for a whole VPC or subnet.
    pub struct BlockPublicAccess { mode: String = "InternetGatewayBlockMode" }
}

impl BlockPublicAccess {
    /// As long as an account has not turned it on.
    pub fn off() -> BlockPublicAccess {
        BlockPublicAccess { mode: "off".to_owned() }
    }
}
