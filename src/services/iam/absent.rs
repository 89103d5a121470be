//! What no account here has: certificates, devices and identity providers cannot be made, so that listings of them
//! are empty. Audit tools ask for all of them.

use crate::op;
use crate::record;
use crate::wire::{Fault, Value};
use crate::world::call::Cx;
use crate::world::op::Op;

use super::entities::find;
use super::faults;
use super::users::User;

/// The listings.
pub const OPS: &[Op] = &[
    op!(Read "ListMFADevices" mfa_devices),
    op!(Read "ListSSHPublicKeys" ssh_keys),
    op!(Read "ListSigningCertificates" certificates),
    op!(Read "ListServiceSpecificCredentials" service_credentials),
    op!(Read "ListSAMLProviders" saml_providers),
    op!(Read "ListOpenIDConnectProviders" openid_providers),
    op!(Read "ListServerCertificates" server_certificates),
    op!(Read "ListVirtualMFADevices" virtual_devices),
    op!(Read "GetAccountPasswordPolicy" password_policy),
];

record! {
    struct OfUser { user: Option<String> = "UserName" }
    struct MfaDevices { devices: Vec<Value> = "MFADevices", truncated: bool = "IsTruncated" }
    struct SshKeys { keys: Vec<Value> = "SSHPublicKeys", truncated: bool = "IsTruncated" }
    struct Certificates { certificates: Vec<Value> = "Certificates", truncated: bool = "IsTruncated" }
    struct ServiceCredentials { credentials: Vec<Value> = "ServiceSpecificCredentials" }
    struct SamlProviders { providers: Vec<Value> = "SAMLProviderList" }
    struct OpenIdProviders { providers: Vec<Value> = "OpenIDConnectProviderList" }
    struct ServerCertificates { certificates: Vec<Value> = "ServerCertificateMetadataList", truncated: bool = "IsTruncated" }
    struct VirtualDevices { devices: Vec<Value> = "VirtualMFADevices", truncated: bool = "IsTruncated" }
}

fn mfa_devices(cx: &mut Cx, input: OfUser) -> Result<MfaDevices, Fault> {
    check_user(cx, input)?;
    Ok(MfaDevices::default())
}

fn ssh_keys(cx: &mut Cx, input: OfUser) -> Result<SshKeys, Fault> {
    check_user(cx, input)?;
    Ok(SshKeys::default())
}

fn certificates(cx: &mut Cx, input: OfUser) -> Result<Certificates, Fault> {
    check_user(cx, input)?;
    Ok(Certificates::default())
}

fn service_credentials(cx: &mut Cx, input: OfUser) -> Result<ServiceCredentials, Fault> {
    check_user(cx, input)?;
    Ok(ServiceCredentials::default())
}

fn saml_providers(_: &mut Cx, (): ()) -> Result<SamlProviders, Fault> {
    Ok(SamlProviders::default())
}

fn openid_providers(_: &mut Cx, (): ()) -> Result<OpenIdProviders, Fault> {
    Ok(OpenIdProviders::default())
}

fn server_certificates(_: &mut Cx, (): ()) -> Result<ServerCertificates, Fault> {
    Ok(ServerCertificates::default())
}

fn virtual_devices(_: &mut Cx, (): ()) -> Result<VirtualDevices, Fault> {
    Ok(VirtualDevices::default())
}

fn password_policy(cx: &mut Cx, (): ()) -> Result<(), Fault> {
    Err(faults::password_policy_not_found(cx.account.as_str()))
}

/// A user that is named must be there.
fn check_user(cx: &mut Cx, input: OfUser) -> Result<(), Fault> {
    input.user.map_or(Ok(()), |name| find::<User>(cx, &name).map(|_| ()))
}
