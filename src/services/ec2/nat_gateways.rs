//! NAT gateways (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>).

/// A NAT gateway.
#[derive(Clone, Debug)]
pub struct NatGateway {
    pub id: String,
    pub vpc: String,
    pub subnet: String,
    pub state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Pending,
    Available,
    Deleting,
    Deleted,
    Failed,
}

impl NatGateway {
    /// Not deleted, nor about to be.
    pub fn is_there(&self) -> bool {
        matches!(self.state, State::Pending | State::Available)
    }
}
