//! Sign-in to the AWS console: nobody signs in to trailcam, but what AWS would record of it can be told.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>

use std::net::IpAddr;

use serde::Deserialize;

use crate::services::iam::names::{Kind, fold, parse_arn};
use crate::world::World;
use crate::world::caller::{Caller, Issuer, Principal, Session};
use crate::world::record::event::TlsDetails;
use crate::world::record::{self, Event, Identity};
use crate::world::scope::{AccountId, Region};

/// An attempt to sign in, as the admin API takes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsoleLogin {
    /// ARN of a root user, an IAM user, or the session of a role: a federated user.
    principal: String,
    #[serde(default)]
    result: Outcome,
    #[serde(default)]
    mfa_used: bool,
    aws_region: Option<String>,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: Option<IpAddr>,
    user_agent: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum Outcome {
    #[default]
    Success,
    Failure,
}

/// Where root users' attempts are recorded.
const ROOT_REGIONS: [&str; 3] = ["us-east-1", "us-east-2", "us-west-2"];
const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
/// Stands for names that may be a password typed into the wrong field.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// Records an attempt, and answers the record.
///
/// # Errors
/// A sentence about what is wrong with the attempt: a principal that is not there, or cannot fail.
pub fn console_login(world: &mut World, login: &ConsoleLogin) -> Result<String, String> {
    let who = login.who(world)?;
    let region = login.region(&who)?;
    let host = match who {
        Who::Root(_) => "signin.aws.amazon.com".to_owned(),
        _ => format!("{region}.signin.aws.amazon.com"),
    };
    let state = world.ids.text(b"0123456789abcdef", 16);
    let event = Event {
        event_version: "1.08",
        user_identity: who.identity(world, login.result),
        event_time: world.now,
        event_source: "signin.amazonaws.com",
        event_name: "ConsoleLogin",
        aws_region: region,
        source_ip_address: login
            .source_ip_address
            .map_or_else(|| "127.0.0.1".to_owned(), |address| address.to_string()),
        user_agent: login.user_agent.clone().unwrap_or_else(|| BROWSER.to_owned()),
        error_code: None,
        error_message: (login.result == Outcome::Failure).then(|| who.why().to_owned()),
        request_parameters: None,
        response_elements: Some(format!(r#"{{"ConsoleLogin":"{:?}"}}"#, login.result)),
        additional_event_data: Some(login.additional(&who, region, &state)),
        request_id: String::new(),
        event_id: world.ids.uuid().to_string(),
        read_only: false,
        resources: Vec::new(),
        event_type: "AwsConsoleSignIn",
        api_version: "",
        management_event: true,
        recipient_account_id: who.account().clone(),
        shared_event_id: None,
        vpc_endpoint: None,
        event_category: "Management",
        tls_details: Some(TlsDetails { client_provided_host_header: host }),
        lookup_resources: Vec::new(),
    };
    record::append(world, &event);
    Ok(event.to_json())
}

/// Who signs in.
enum Who {
    Root(AccountId),
    User(Caller),
    /// A name that the account does not know.
    Nobody(AccountId),
    /// A federated user.
    Federated(Caller),
}

impl ConsoleLogin {
    fn who(&self, world: &World) -> Result<Who, String> {
        let arn = self.principal.as_str();
        let root = arn.strip_prefix("arn:aws:iam::").and_then(|rest| AccountId::parse(rest.strip_suffix(":root")?));
        if let Some(account) = root {
            return Ok(Who::Root(account));
        }
        if let Some((account, name)) = parse_arn(Kind::User, arn) {
            let user = world.accounts.get(&account).and_then(|account| account.iam.users.get(&fold(name)));
            return match user {
                Some(user) => Ok(Who::User(Caller {
                    principal: Principal::User {
                        id: user.header.id.clone(),
                        name: user.header.name.clone(),
                        arn: user.header.arn.clone(),
                    },
                    account,
                    access_key: None,
                    session: None,
                })),
                None if self.result == Outcome::Failure => Ok(Who::Nobody(account)),
                None => Err(format!("principal: there is no user {name} in account {account}")),
            };
        }
        if self.result == Outcome::Failure {
            return Err("result: federated users fail at their identity provider, where AWS does not see it".to_owned());
        }
        session(world, arn).map(Who::Federated)
    }

    fn region(&self, who: &Who) -> Result<Region, String> {
        let name = self.aws_region.as_deref().unwrap_or("us-east-1");
        if matches!(who, Who::Root(_)) && !ROOT_REGIONS.contains(&name) {
            return Err(format!("awsRegion: root users sign in at {}", ROOT_REGIONS.join(", ")));
        }
        Region::parse(name).ok_or_else(|| format!("awsRegion: there is no Region {name}"))
    }

    /// `additionalEventData`: federated users come from elsewhere, and devices are named once they have said yes.
    fn additional(&self, who: &Who, region: Region, state: &str) -> String {
        let mut out = serde_json::Map::new();
        if !matches!(who, Who::Federated(_)) {
            let home = "https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true";
            out.insert("LoginTo".into(), format!("{home}&state=hashArgsFromTB_{region}_{state}").into());
        }
        out.insert("MobileVersion".into(), "No".into());
        if let Some(device) = who.device().filter(|_| self.mfa_used && self.result == Outcome::Success) {
            out.insert("MFAIdentifier".into(), device.into());
        }
        out.insert("MFAUsed".into(), if self.mfa_used { "Yes" } else { "No" }.into());
        serde_json::Value::Object(out).to_string()
    }
}

/// Reads `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
fn session(world: &World, arn: &str) -> Result<Caller, String> {
    const EXPECTED: &str =
        "principal: expected the ARN of a root user (arn:aws:iam::…:root), a user, or an assumed role";
    let parts = arn.strip_prefix("arn:aws:sts::").and_then(|rest| rest.split_once(":assumed-role/"));
    let (account, rest) = parts.ok_or(EXPECTED)?;
    let (role, session_name) = rest.split_once('/').filter(|(_, name)| !name.is_empty()).ok_or(EXPECTED)?;
    let account = AccountId::parse(account).ok_or(EXPECTED)?;
    let found = world.accounts.get(&account).and_then(|account| account.iam.roles.get(&fold(role)));
    let header = &found.ok_or_else(|| format!("principal: there is no role {role} in account {account}"))?.header;
    let issuer = Issuer { id: header.id.clone(), arn: header.arn.clone(), name: header.name.clone() };
    let session = Session { created: world.now, mfa: false, issuer: Some(issuer), source_identity: None };
    let principal = Principal::Role { session_name: session_name.to_owned() };
    Ok(Caller { account, principal, access_key: None, session: Some(session) })
}

impl Who {
    fn account(&self) -> &AccountId {
        match self {
            Who::Root(account) | Who::Nobody(account) => account,
            Who::User(caller) | Who::Federated(caller) => &caller.account,
        }
    }

    fn identity(&self, world: &mut World, result: Outcome) -> Identity {
        match self {
            Who::Root(account) => Identity::of_caller(&Caller::root(account.clone(), "")),
            Who::User(caller) if result == Outcome::Success => Identity::of_caller(caller),
            Who::User(caller) => {
                Identity { arn: None, access_key_id: Some(String::new()), ..Identity::of_caller(caller) }
            }
            Who::Nobody(account) => Identity {
                kind: "IAMUser",
                account_id: Some(account.to_string()),
                access_key_id: Some(String::new()),
                user_name: Some(HIDDEN.to_owned()),
                ..Identity::default()
            },
            Who::Federated(caller) => {
                let access_key_id = Some(world.ids.iam("ASIA"));
                Identity { access_key_id, ..Identity::of_caller(caller) }
            }
        }
    }

    /// `errorMessage` of a failure.
    fn why(&self) -> &'static str {
        match self {
            Who::Nobody(_) => "No username found in supplied account",
            _ => "Failed authentication",
        }
    }

    /// The MFA device, called as the console suggests.
    fn device(&self) -> Option<String> {
        match self {
            Who::Root(account) => Some(format!("arn:aws:iam::{account}:mfa/root-account-mfa-device")),
            Who::User(Caller { account, principal: Principal::User { name, .. }, .. }) => {
                Some(format!("arn:aws:iam::{account}:mfa/{name}"))
            }
            _ => None,
        }
    }
}
