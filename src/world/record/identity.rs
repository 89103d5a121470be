//! `userIdentity`: who called.

use crate::contract::RecordForm;
use crate::world::caller::{Caller, Principal};
use crate::world::time::{Time, iso_seconds};

use super::json::Json;

/// Who called, as <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html> has it.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    pub kind: &'static str,
    pub principal_id: Option<String>,
    pub arn: Option<String>,
    pub account_id: Option<String>,
    pub access_key_id: Option<String>,
    pub user_name: Option<String>,
    pub session_context: Option<SessionContext>,
    pub invoked_by: Option<&'static str>,
}

/// The context of temporary credentials.
#[derive(Clone, Debug)]
pub struct SessionContext {
    pub issuer: Option<SessionIssuer>,
    pub created: Time,
    pub mfa: bool,
    pub source_identity: Option<String>,
}

/// The role that was assumed.
#[derive(Clone, Debug)]
pub struct SessionIssuer {
    pub principal_id: String,
    pub arn: String,
    pub account_id: String,
    pub user_name: String,
}

impl Identity {
    /// As [`Identity::of`], of one who has proved to be somebody.
    pub fn of_caller(caller: &Caller) -> Identity {
        Identity::of(caller, RecordForm::default())
    }

    /// A caller as its own account's log shows it.
    pub(super) fn of(caller: &Caller, form: RecordForm) -> Identity {
        let kind = match &caller.principal {
            Principal::Root => "Root",
            Principal::User { .. } => "IAMUser",
            Principal::Role { .. } => "AssumedRole",
            Principal::Service(_) => return Identity::of_stranger(caller),
            Principal::Anonymous => return Identity::without_account(caller, form),
        };
        Identity {
            kind,
            principal_id: caller.principal_id(),
            arn: caller.arn(),
            account_id: Some(caller.account.to_string()),
            access_key_id: caller.access_key.clone(),
            user_name: match &caller.principal {
                Principal::User { name, .. } => Some(name.clone()),
                _ => None,
            },
            session_context: session_context(caller),
            invoked_by: None,
        }
    }

    /// Unsigned requests, as S3 shows them, and keys that were refused.
    fn without_account(caller: &Caller, form: RecordForm) -> Identity {
        match (&caller.access_key, form) {
            (None, RecordForm::S3) => Identity {
                kind: "AWSAccount",
                principal_id: Some(String::new()),
                account_id: Some("ANONYMOUS_PRINCIPAL".into()),
                ..Identity::default()
            },
            (key, _) => Identity { kind: "Unknown", access_key_id: key.clone(), ..Identity::default() },
        }
    }

    /// A caller as the log of another account shows it: whose resource it used. Services look the same everywhere.
    pub(super) fn of_stranger(caller: &Caller) -> Identity {
        if let Principal::Service(name) = caller.principal {
            return Identity { kind: "AWSService", invoked_by: Some(name), ..Identity::default() };
        }
        Identity {
            kind: "AWSAccount",
            principal_id: caller.principal_id(),
            account_id: Some(caller.account.to_string()),
            ..Identity::default()
        }
    }

    /// Writes the object.
    pub(super) fn write(&self, out: &mut Json) {
        out.open('{');
        out.text_member("type", self.kind);
        for (name, value) in [
            ("principalId", &self.principal_id),
            ("arn", &self.arn),
            ("accountId", &self.account_id),
            ("accessKeyId", &self.access_key_id),
            ("userName", &self.user_name),
        ] {
            value.iter().for_each(|value| out.text_member(name, value));
        }
        self.session_context.iter().for_each(|context| context.write(out));
        self.invoked_by.iter().for_each(|service| out.text_member("invokedBy", service));
        out.close('}');
    }
}

impl SessionContext {
    fn write(&self, out: &mut Json) {
        out.key("sessionContext");
        out.open('{');
        if let Some(issuer) = &self.issuer {
            out.key("sessionIssuer");
            out.open('{');
            out.text_member("type", "Role");
            out.text_member("principalId", &issuer.principal_id);
            out.text_member("arn", &issuer.arn);
            out.text_member("accountId", &issuer.account_id);
            out.text_member("userName", &issuer.user_name);
            out.close('}');
        }
        out.key("attributes");
        out.open('{');
        out.text_member("creationDate", &iso_seconds(self.created));
        // Text, not a truth value.
        out.text_member("mfaAuthenticated", if self.mfa { "true" } else { "false" });
        out.close('}');
        self.source_identity.iter().for_each(|identity| out.text_member("sourceIdentity", identity));
        out.close('}');
    }
}

fn session_context(caller: &Caller) -> Option<SessionContext> {
    let session = caller.session.as_ref()?;
    let issuer = session.issuer.as_ref().map(|role| SessionIssuer {
        principal_id: role.id.clone(),
        arn: role.arn.clone(),
        account_id: caller.account.to_string(),
        user_name: role.name.clone(),
    });
    let source_identity = session.source_identity.clone();
    Some(SessionContext { issuer, created: session.created, mfa: session.mfa, source_identity })
}
