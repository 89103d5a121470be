//! Names, ARNs and URLs of queues.

use crate::record;
use crate::services::sqs::faults;
use crate::services::sqs::queues::Queue;
use crate::wire::Fault;
use crate::world::World;
use crate::world::access::{self, admits};
use crate::world::call::{Cx, Resource};
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

    /// Reads a URL of any host, `…/ACCOUNT/NAME`; the host does not tell the Region here, since all of them have one.
    pub fn of_url(url: &str, region: Region) -> Option<Place> {
        let mut parts = url.trim_end_matches('/').rsplit('/');
        let queue = parts.next().filter(|name| is_name(name))?.to_owned();
        Some(Place { account: AccountId::parse(parts.next()?)?, region, queue })
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
        let place = Place::of_url(&self.url, cx.region).ok_or_else(|| faults::invalid_address(&self.url))?;
        place.enter(cx)?;
        Ok(place)
    }
}

impl Place {
    /// As [`Target::enter`].
    ///
    /// # Errors
    /// As there.
    pub fn enter(&self, cx: &mut Cx<'_>) -> Result<(), Fault> {
        let queue = self.find(cx.world).ok_or_else(faults::no_such_queue)?;
        let arn = self.arn();
        let resource = access::Resource { arn: &arn, owner: &self.account, policy: queue.attributes.policy() };
        let action = cx.operation.name.trim_end_matches("Batch");
        if !admits(cx, &resource, &format!("sqs:{action}"), &[]) {
            return Err(faults::access_denied(cx.caller.arn().as_deref(), action, &arn));
        }
        cx.note.resources.push(Resource {
            account: Some(self.account.clone()),
            kind: "AWS::SQS::Queue",
            arn,
            is_prefix: false,
        });
        if self.account != cx.account {
            cx.note.owner = Some(self.account.clone());
        }
        Ok(())
    }
}

/// Letters, digits, hyphens and underscores, 80 at most, with the ending of FIFO queues.
pub fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(FIFO).unwrap_or(name);
    !stem.is_empty()
        && name.len() <= NAME_MAX
        && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
