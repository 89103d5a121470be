//! Where things are: accounts and Regions.

use std::fmt;

/// A 12-digit AWS account id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// Accepts exactly twelve digits.
    pub fn parse(text: &str) -> Option<AccountId> {
        (text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| AccountId(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ARN of the account's root user, which also names the whole account in policies.
    pub fn root_arn(&self) -> String {
        format!("arn:aws:iam::{self}:root")
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A Region of the `aws` partition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(&'static str);

impl Region {
    /// The home of global services: IAM's events, and buckets without a location constraint.
    pub const US_EAST_1: Region = Region("us-east-1");

    /// Regions that every account has without opting in
    /// (<https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>).
    pub const DEFAULT: [Region; 17] = [
        Region("ap-northeast-1"),
        Region("ap-northeast-2"),
        Region("ap-northeast-3"),
        Region("ap-south-1"),
        Region("ap-southeast-1"),
        Region("ap-southeast-2"),
        Region("ca-central-1"),
        Region("eu-central-1"),
        Region("eu-north-1"),
        Region("eu-west-1"),
        Region("eu-west-2"),
        Region("eu-west-3"),
        Region("sa-east-1"),
        Region("us-east-1"),
        Region("us-east-2"),
        Region("us-west-1"),
        Region("us-west-2"),
    ];

    /// Regions that an account must opt in to; ours has not.
    pub const OPT_IN: [Region; 17] = [
        Region("af-south-1"),
        Region("ap-east-1"),
        Region("ap-east-2"),
        Region("ap-south-2"),
        Region("ap-southeast-3"),
        Region("ap-southeast-4"),
        Region("ap-southeast-5"),
        Region("ap-southeast-6"),
        Region("ap-southeast-7"),
        Region("ca-west-1"),
        Region("eu-central-2"),
        Region("eu-south-1"),
        Region("eu-south-2"),
        Region("il-central-1"),
        Region("me-central-1"),
        Region("me-south-1"),
        Region("mx-central-1"),
    ];

    /// A Region that the account can use.
    pub fn parse(name: &str) -> Option<Region> {
        Region::DEFAULT.into_iter().find(|region| region.0 == name)
    }

    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
