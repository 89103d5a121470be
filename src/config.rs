//! The command line, the environment, and the limits that are ours rather than AWS's.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::Datelike;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::world::scope::{AccountId, Region};
use crate::world::time::{Time, YEARS};
use crate::world::{Cadence, Settings};

/// A local AWS audit and observability control plane.
#[derive(Debug, Parser)]
#[command(name = "trailcam", version, args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: Serve,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start (what `trailcam` alone does, too).
    Serve(Serve),
    /// Ask a running trailcam for its health; exit status 1 unless it answers.
    Health {
        /// Where it listens.
        #[arg(long, env = "TRAILCAM_LISTEN", default_value = "127.0.0.1:4566")]
        listen: SocketAddr,
    },
    /// Developer tool: the contracts in openapi/.
    #[command(subcommand)]
    Contract(ContractCommand),
}

#[derive(Debug, Subcommand)]
pub enum ContractCommand {
    /// Derive openapi/ from the service models of an unpacked botocore package.
    Derive {
        /// The folder `botocore` of the package.
        #[arg(long)]
        botocore: PathBuf,
        #[arg(long, default_value = "openapi")]
        out: PathBuf,
    },
}

/// How to run. Each flag has an environment variable `TRAILCAM_<FLAG>`.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// Address to listen on; loopback unless told otherwise.
    #[arg(long, env = "TRAILCAM_LISTEN", default_value = "127.0.0.1:4566")]
    pub listen: SocketAddr,
    /// Trailcam's folder: objects live in DIR/s3. Its contents are replaced at start.
    #[arg(long, env = "TRAILCAM_DATA_DIR", default_value = ".trailcam", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// Keep state across restarts (not built yet).
    #[arg(long, env = "TRAILCAM_PERSIST")]
    pub persist: bool,
    /// Account of callers whose access key says nothing else.
    #[arg(long, env = "TRAILCAM_ACCOUNT_ID", default_value = "000000000000", value_parser = account)]
    pub account_id: AccountId,
    /// Region of requests that name none.
    #[arg(long, env = "TRAILCAM_REGION", default_value = "us-east-1", value_parser = region)]
    pub region: Region,
    /// aws: log files every 5 minutes, as AWS does; fast: 5 seconds after the first pending event.
    #[arg(long, env = "TRAILCAM_CADENCE", default_value = "fast")]
    pub cadence: CadenceFlag,
    /// system, manual (frozen at the start time), or frozen at an RFC 3339 time.
    #[arg(long, env = "TRAILCAM_CLOCK", default_value = "system", value_parser = clock)]
    pub clock: Clock,
    /// Seed of ids, tokens and keys.
    #[arg(long, env = "TRAILCAM_SEED", default_value_t = 0)]
    pub seed: u64,
    /// MiB of memory for events of log streams; older ones go to files in DIR/logs.
    #[arg(long, env = "TRAILCAM_LOG_MEMORY", default_value_t = 256, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub log_memory: u32,
    /// Policies: off (ignored). soft and enforce are not built yet.
    #[arg(long, env = "TRAILCAM_IAM", default_value = "off")]
    pub iam: IamFlag,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CadenceFlag {
    Aws,
    Fast,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IamFlag {
    Off,
    Soft,
    Enforce,
}

/// What tells the time at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    System,
    /// Frozen; at the moment of the start unless a time is given.
    Manual(Option<Time>),
}

impl Serve {
    /// Refuses flags whose feature is not built, with the line to print.
    pub fn check(&self) -> Result<(), String> {
        if self.persist {
            return Err("--persist is not built yet: state lives in memory and ends with the process".into());
        }
        if self.iam != IamFlag::Off {
            return Err("--iam soft and --iam enforce are not built yet: only --iam off".into());
        }
        Ok(())
    }

    pub fn settings(&self) -> Settings {
        Settings {
            account: self.account_id.clone(),
            region: self.region,
            seed: self.seed,
            cadence: match self.cadence {
                CadenceFlag::Aws => Cadence::Aws,
                CadenceFlag::Fast => Cadence::Fast,
            },
            data_dir: self.data_dir.clone(),
            log_memory: self.log_memory as usize * MIB,
        }
    }
}

/// Bytes in the unit of `--log-memory`.
const MIB: usize = 1024 * 1024;

fn account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).ok_or_else(|| "an account id has 12 digits".into())
}

fn region(text: &str) -> Result<Region, String> {
    Region::parse(text).ok_or_else(|| "not a Region that accounts have without opting in".into())
}

fn clock(text: &str) -> Result<Clock, String> {
    match text {
        "system" => Ok(Clock::System),
        "manual" => Ok(Clock::Manual(None)),
        time => match time.parse::<Time>() {
            Ok(time) if YEARS.contains(&time.year()) => Ok(Clock::Manual(Some(time))),
            Ok(_) => Err("the clock shows the years 1970 to 9999".into()),
            Err(_) => Err("system, manual, or a time such as 2026-01-01T00:00:00Z".into()),
        },
    }
}

/// Largest body of a request that is not an S3 upload, in bytes. AWS's own limits are lower where they exist.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How much of a refused body is taken and dropped, in bytes, so that its client sees the answer.
pub const LINGER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Longest request head, in bytes.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;

/// How long a connection may take to send a head, and how long it may stay idle between requests.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a body may stall.
pub const BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Connections at a time; further ones wait to be accepted.
pub const CONNECTIONS_MAX: usize = 16_384;

/// Files that may be open at a time, as far as the system lets us: one a connection, and one for what it sends or gets.
pub const OPEN_FILES: u64 = 2 * CONNECTIONS_MAX as u64 + 64;

/// How long a graceful stop waits for requests under way.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(5);
