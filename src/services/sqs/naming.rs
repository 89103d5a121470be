//! Names, ARNs and URLs of queues.

use crate::record;
use crate::services::sqs::faults;
use crate::services::sqs::metrics;
use crate::services::sqs::queues::Queue;
use crate::wire::Fault;
use crate::world::World;
use crate::world::access::{self, admits};
use crate::world::call::{Cx, Resource};
use crate::world::caller::Principal;
use crate::world::scope::{AccountId, Region};

/// The longest name.
const NAME_MAX: usize = 80;
/// How names of FIFO queues end.
pub const FIFO: &str = ".fifo";

/// Where a queue is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub account: AccountId,
    pub region: Region,
    /// The queue's name.
    pub queue: String,
}

record! {
    /// The queue that an operation is about.
    pub struct Target { url: String = "QueueUrl" }
}

impl Place {
    /// Reads `arn:aws:sqs:REGION:ACCOUNT:NAME`.
    pub fn parse(arn: &str) -> Option<Place> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", "aws", "sqs", region, account, queue] = parts[..] else { return None };
        let queue = Some(queue).filter(|name| is_name(name))?.to_owned();
        Some(Place { account: AccountId::parse(account)?, region: Region::parse(region)?, queue })
    }

    /// Reads a URL of any host, `…/ACCOUNT/NAME`; a path alone will do. A host that names another Region than the one
    /// called has none of its queues.
    pub fn of_url(url: &str, region: Region) -> Option<Place> {
        let mut parts = url.trim_end_matches('/').rsplit('/');
        let queue = parts.next().filter(|name| is_name(name))?.to_owned();
        let place = Place { account: AccountId::parse(parts.next()?)?, region, queue };
        let is_elsewhere = named_region(url).is_some_and(|named| named != region.as_str());
        (!is_elsewhere).then_some(place)
    }

    pub fn arn(&self) -> String {
        format!("arn:aws:sqs:{}:{}:{}", self.region, self.account, self.queue)
    }

    /// The URL by which a client reaches the queue that came to `host`; services come to AWS's own.
    pub fn url(&self, host: &str) -> String {
        match host {
            "" => format!("https://sqs.{}.amazonaws.com/{}/{}", self.region, self.account, self.queue),
            host => format!("http://{host}/{}/{}", self.account, self.queue),
        }
    }

    pub fn is_fifo(&self) -> bool {
        self.queue.ends_with(FIFO)
    }

    /// The queue, unless there is none.
    pub fn find<'w>(&self, world: &'w World) -> Option<&'w Queue> {
        world.accounts.get(&self.account)?.regions.get(&self.region)?.sqs.queues.get(&self.queue)
    }

    /// The queue, to change it.
    pub fn find_mut<'w>(&self, world: &'w mut World) -> Option<&'w mut Queue> {
        world.accounts.get_mut(&self.account)?.regions.get_mut(&self.region)?.sqs.queues.get_mut(&self.queue)
    }

    /// The queue, which is there: an operation has entered it.
    pub fn queue<'w>(&self, world: &'w mut World) -> Result<&'w mut Queue, Fault> {
        self.find_mut(world).ok_or_else(faults::no_such_queue)
    }
}

impl Target {
    /// Enters the queue: is there one, may the caller do this with it. Batches need the right to their single form.
    ///
    /// # Errors
    /// `QueueDoesNotExist`; `AccessDenied` for services and other accounts that the queue's policy does not let in;
    /// `InvalidAddress` for what is no URL of a queue.
    pub fn enter(&self, cx: &mut Cx<'_>) -> Result<Place, Fault> {
        let place = self.place(cx)?;
        place.enter(cx)?;
        Ok(place)
    }

    /// Enters the queue as its owner: what queue policies cannot let others do
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-limitations-of-custom-policies.html>).
    ///
    /// # Errors
    /// As [`Target::enter`].
    pub fn enter_own(&self, cx: &mut Cx<'_>) -> Result<Place, Fault> {
        let place = self.place(cx)?;
        place.enter_own(cx)?;
        Ok(place)
    }

    fn place(&self, cx: &Cx<'_>) -> Result<Place, Fault> {
        Place::of_url(&self.url, cx.region).ok_or_else(|| faults::invalid_address(&self.url))
    }
}

impl Place {
    /// As [`Target::enter`].
    ///
    /// # Errors
    /// As there.
    pub fn enter(&self, cx: &mut Cx<'_>) -> Result<(), Fault> {
        self.find(cx.world).ok_or_else(faults::no_such_queue)?;
        self.let_in(cx, self.admits(cx))?;
        metrics::touch(cx.world, self);
        Ok(())
    }

    /// As [`Target::enter_own`].
    ///
    /// # Errors
    /// As there.
    pub fn enter_own(&self, cx: &mut Cx<'_>) -> Result<(), Fault> {
        self.find(cx.world).ok_or_else(faults::no_such_queue)?;
        self.let_in(cx, self.account == cx.account && cx.caller.principal != Principal::Anonymous)?;
        metrics::touch(cx.world, self);
        Ok(())
    }

    /// Whether the caller may do with the queue what it asks for.
    pub fn admits(&self, cx: &Cx<'_>) -> bool {
        let (queue, arn) = (self.find(cx.world), self.arn());
        let policy = queue.and_then(|queue| queue.attributes.policy());
        let resource = access::Resource { arn: &arn, owner: &self.account, policy };
        admits(cx, &resource, &format!("sqs:{}", action(cx)), &[])
    }

    /// Denies it, or notes what records tell of the queue.
    fn let_in(&self, cx: &mut Cx<'_>, is_allowed: bool) -> Result<(), Fault> {
        if !is_allowed {
            let caller = cx.caller.arn().ok_or_else(|| faults::unsigned_denied(&self.url(cx.host)))?;
            return Err(faults::access_denied(&caller, action(cx), &self.arn()));
        }
        cx.note.resources.push(Resource {
            account: Some(self.account.clone()),
            kind: "AWS::SQS::Queue",
            arn: self.arn(),
            is_prefix: false,
        });
        if self.account != cx.account {
            cx.note.owner = Some(self.account.clone());
        }
        Ok(())
    }
}

/// Calls that are about no queue need a signature.
///
/// # Errors
/// `AccessDenied`
pub fn check_signed(cx: &Cx<'_>) -> Result<(), Fault> {
    match cx.caller.principal {
        Principal::Anonymous => Err(faults::unsigned_denied(&format!("http://{}/", cx.host))),
        _ => Ok(()),
    }
}

/// Batches need the right to their single form.
fn action(cx: &Cx<'_>) -> &'static str {
    cx.operation.name.trim_end_matches("Batch")
}

/// The Region in a host of AWS's: `sqs.eu-west-1.amazonaws.com`, `eu-west-1.queue.amazonaws.com`, or the first Region's
/// old name `queue.amazonaws.com`. Hosts of ours may be formed alike.
fn named_region(url: &str) -> Option<&str> {
    let (_, address) = url.split_once("://")?;
    match address.split('/').next()? {
        "queue.amazonaws.com" => Some(Region::US_EAST_1.as_str()),
        host => host.split(['.', ':']).find(|label| Region::parse(label).is_some()),
    }
}

/// Letters, digits, hyphens and underscores, 80 at most, with the ending of FIFO queues.
pub fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(FIFO).unwrap_or(name);
    !stem.is_empty()
        && name.len() <= NAME_MAX
        && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_of_urls() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            let place = Place::of_url(url, Region::parse("eu-west-1").unwrap());
            assert_eq!(place.as_ref().map(|place| (place.account.as_str(), place.queue.as_str())), expected, "{url}");
        };
        let found = Some(("111122223333", "q.fifo"));
        check("https://sqs.eu-west-1.amazonaws.com/111122223333/q.fifo", found);
        check("https://eu-west-1.queue.amazonaws.com/111122223333/q.fifo", found);
        check("http://127.0.0.1:4566/111122223333/q.fifo", found);
        check("http://sqs.eu-west-1.localhost.localstack.cloud:4566/111122223333/q.fifo", found);
        check("http://localhost:4566/queue/eu-west-1/111122223333/q.fifo", found);
        check("http://trailcam/111122223333/q.fifo", found);
        check("/111122223333/q.fifo", found);
        check("https://sqs.us-east-1.amazonaws.com/111122223333/q.fifo", None);
        check("https://queue.amazonaws.com/111122223333/q.fifo", None);
        check("http://127.0.0.1:4566/q.fifo", None);
        check("http://127.0.0.1:4566/111122223333/a b", None);
        check("q.fifo", None);
        check("", None);
    }
}
