//! Everything the emulator knows, as one plain tree. Scope is position: global on [`World`], account-wide on
//! [`Account`], regional on [`Regional`]. Nothing in here locks, waits, or reads a clock.

pub mod access;
pub mod call;
pub mod caller;
pub mod checksum;
pub mod fields;
pub mod gzip;
pub mod hex;
pub mod ids;
pub mod jobs;
pub mod labelled;
pub mod mailbox;
pub mod op;
pub mod outbox;
pub mod outside;
pub mod pages;
pub mod passage;
pub mod payload;
pub mod policy;
pub mod record;
pub mod rsa_keys;
pub mod scope;
pub mod streams;
pub mod tags;
pub mod time;
pub mod waits;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::TimeDelta;

use crate::services::{billing, cloudtrail, cloudwatch, ec2, events, firehose, iam, logs, s3, sns, sqs};

use caller::AccessKeys;
use ids::Ids;
use jobs::Jobs;
use mailbox::Mailbox;
use outbox::Outbox;
use scope::{AccountId, Region};
use streams::Streams;
use time::Time;
use waits::Waits;

/// What the command line decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Account of callers whose key says nothing else.
    pub account: AccountId,
    /// Region of requests that name none.
    pub region: Region,
    pub seed: u64,
    pub cadence: Cadence,
    /// Trailcam's folder; objects live in `s3/` below it.
    pub data_dir: PathBuf,
    /// Bytes of memory for events of log streams; older ones go to files.
    pub log_memory: usize,
}

impl Settings {
    /// Where uploads wait until they are complete.
    pub fn spool_dir(&self) -> PathBuf {
        self.data_dir.join("tmp")
    }
}

/// How soon periodic work follows its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// As AWS does: log files every five minutes.
    Aws,
    /// Log files five seconds after the first pending event.
    Fast,
}

/// Long work on a snapshot, whose result others wait for or look at (a query). It runs outside the lock, at its own
/// pace; what the world shows of it must not depend on that pace while the clock stands still.
pub type Background = Box<dyn FnOnce() + Send>;

/// The state machine's state.
pub struct World {
    /// The first moment.
    pub began: Time,
    /// The moment of the current step; fixed while it runs.
    pub now: Time,
    pub settings: Settings,
    pub ids: Ids,
    pub jobs: Jobs,
    /// Answers that go on after their call.
    pub streams: Streams,
    /// Who is to be told that something has happened.
    pub waits: Waits,
    /// Work that the shell is to do beside everything else.
    pub background: Vec<Background>,
    /// Nobody but the user moves the clock: who waits for time to pass waits for the user.
    pub clock_stands_still: bool,
    /// Every access key that IAM or STS made, over all accounts.
    pub access_keys: AccessKeys,
    /// Every recorded event, over all accounts.
    pub events: record::Log,
    /// How many events may still come to buses that no client has caused.
    pub bus_pace: events::Pace,
    /// What signs digest files.
    pub digest_keys: cloudtrail::Keys,
    /// What signs the messages of topics.
    pub message_signer: sns::Signer,
    /// Requests on their way out.
    pub outbox: Outbox,
    /// E-mails and text messages.
    pub mailbox: Mailbox,
    pub accounts: BTreeMap<AccountId, Account>,
    /// What holds the events of log streams.
    pub log_keeping: logs::events::Keeping,
    /// Traffic through VPCs.
    pub traffic: ec2::traffic::Traffic,
    /// Bucket names are global.
    pub s3: s3::Store,
}

/// One account's state.
#[derive(Default)]
pub struct Account {
    pub iam: iam::Store,
    pub trails: cloudtrail::Trails,
    /// Dashboards are of no Region.
    pub dashboards: cloudwatch::dashboards::Dashboards,
    /// What it would owe AWS, once that is reported.
    pub billing: Option<billing::Ledger>,
    pub regions: BTreeMap<Region, Regional>,
}

/// One account's state in one Region.
#[derive(Default)]
pub struct Regional {
    pub history: cloudtrail::History,
    pub cloudwatch: cloudwatch::Store,
    pub ec2: ec2::Store,
    pub logs: logs::Store,
    pub firehose: firehose::Store,
    pub events: events::Store,
    pub sns: sns::Store,
    pub sqs: sqs::Store,
}

impl World {
    /// The first moment: nothing has happened.
    pub fn new(settings: Settings, now: Time) -> World {
        World {
            began: now,
            now,
            ids: Ids::new(settings.seed),
            jobs: Jobs::default(),
            streams: Streams::default(),
            waits: Waits::default(),
            background: Vec::new(),
            clock_stands_still: false,
            access_keys: AccessKeys::new(),
            events: record::Log::default(),
            bus_pace: events::Pace::default(),
            digest_keys: cloudtrail::Keys::new(settings.seed),
            message_signer: sns::Signer::new(settings.seed),
            outbox: Outbox::default(),
            mailbox: Mailbox::default(),
            accounts: BTreeMap::new(),
            log_keeping: logs::events::Keeping::new(settings.log_memory, &settings.data_dir),
            traffic: ec2::traffic::Traffic::default(),
            s3: s3::Store::new(&settings.data_dir),
            settings,
        }
    }

    /// An account's state; accounts exist from the first time they are named.
    pub fn account(&mut self, id: &AccountId) -> &mut Account {
        self.accounts.entry(id.clone()).or_default()
    }

    /// An account's state in a Region.
    pub fn regional(&mut self, id: &AccountId, region: Region) -> &mut Regional {
        self.account(id).regions.entry(region).or_default()
    }

    /// When to try a delivery again after some failures in a row: twice as long each time, up to a limit.
    pub fn retry(&self, failures: u32) -> Time {
        let (shortest, longest) = match self.settings.cadence {
            Cadence::Aws => (TimeDelta::minutes(5), TimeDelta::hours(1)),
            Cadence::Fast => (TimeDelta::seconds(5), TimeDelta::minutes(5)),
        };
        self.now + (shortest * (1 << failures.saturating_sub(1).min(8))).min(longest)
    }
}
