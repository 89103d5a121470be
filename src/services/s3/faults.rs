//! Every sentence S3 says to a client.
