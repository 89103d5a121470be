//! VPC endpoints (<https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html>).

/// A VPC endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub id: String,
    pub vpc: String,
}
