//! Every sentence CloudTrail says to a client.
