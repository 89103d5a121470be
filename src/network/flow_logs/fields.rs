//! The fields of flow log records (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>).

/// A field of versions 2 to 10. Version 6 has none for VPCs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    Version,
    AccountId,
    InterfaceId,
    Srcaddr,
    Dstaddr,
    Srcport,
    Dstport,
    Protocol,
    Packets,
    Bytes,
    Start,
    End,
    Action,
    LogStatus,
    VpcId,
    SubnetId,
    InstanceId,
    TcpFlags,
    Type,
    PktSrcaddr,
    PktDstaddr,
    Region,
    AzId,
    SublocationType,
    SublocationId,
    PktSrcAwsService,
    PktDstAwsService,
    FlowDirection,
    TrafficPath,
    EcsClusterArn,
    EcsClusterName,
    EcsContainerInstanceArn,
    EcsContainerInstanceId,
    EcsContainerId,
    EcsSecondContainerId,
    EcsServiceName,
    EcsTaskDefinitionArn,
    EcsTaskArn,
    EcsTaskId,
    RejectReason,
    ResourceId,
    EncryptionStatus,
}

/// The type of a field's column in Parquet files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    Int32,
    Int64,
    Text,
}

use ColumnType::{Int32, Int64, Text};
use Field::*;

/// All fields in the order of AWS's table, with their names, the versions that brought them and their column types.
/// Those of version 2 are the default format.
pub const FIELDS: [(Field, &str, u8, ColumnType); 42] = [
    (Version, "version", 2, Int32),
    (AccountId, "account-id", 2, Text),
    (InterfaceId, "interface-id", 2, Text),
    (Srcaddr, "srcaddr", 2, Text),
    (Dstaddr, "dstaddr", 2, Text),
    (Srcport, "srcport", 2, Int32),
    (Dstport, "dstport", 2, Int32),
    (Protocol, "protocol", 2, Int32),
    (Packets, "packets", 2, Int64),
    (Bytes, "bytes", 2, Int64),
    (Start, "start", 2, Int64),
    (End, "end", 2, Int64),
    (Action, "action", 2, Text),
    (LogStatus, "log-status", 2, Text),
    (VpcId, "vpc-id", 3, Text),
    (SubnetId, "subnet-id", 3, Text),
    (InstanceId, "instance-id", 3, Text),
    (TcpFlags, "tcp-flags", 3, Int32),
    (Type, "type", 3, Text),
    (PktSrcaddr, "pkt-srcaddr", 3, Text),
    (PktDstaddr, "pkt-dstaddr", 3, Text),
    (Region, "region", 4, Text),
    (AzId, "az-id", 4, Text),
    (SublocationType, "sublocation-type", 4, Text),
    (SublocationId, "sublocation-id", 4, Text),
    (PktSrcAwsService, "pkt-src-aws-service", 5, Text),
    (PktDstAwsService, "pkt-dst-aws-service", 5, Text),
    (FlowDirection, "flow-direction", 5, Text),
    (TrafficPath, "traffic-path", 5, Int32),
    (EcsClusterArn, "ecs-cluster-arn", 7, Text),
    (EcsClusterName, "ecs-cluster-name", 7, Text),
    (EcsContainerInstanceArn, "ecs-container-instance-arn", 7, Text),
    (EcsContainerInstanceId, "ecs-container-instance-id", 7, Text),
    (EcsContainerId, "ecs-container-id", 7, Text),
    (EcsSecondContainerId, "ecs-second-container-id", 7, Text),
    (EcsServiceName, "ecs-service-name", 7, Text),
    (EcsTaskDefinitionArn, "ecs-task-definition-arn", 7, Text),
    (EcsTaskArn, "ecs-task-arn", 7, Text),
    (EcsTaskId, "ecs-task-id", 7, Text),
    (RejectReason, "reject-reason", 8, Text),
    (ResourceId, "resource-id", 9, Text),
    (EncryptionStatus, "encryption-status", 10, Int32),
];

impl Field {
    pub fn named(name: &str) -> Option<Field> {
        FIELDS.iter().find(|(_, other, ..)| *other == name).map(|(field, ..)| *field)
    }

    /// As in formats and header lines. Columns of Parquet files have underscores instead.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The version of flow logs that brought the field.
    pub fn version(self) -> u8 {
        self.row().2
    }

    pub fn column(self) -> (String, ColumnType) {
        let row = self.row();
        (row.1.replace('-', "_"), row.3)
    }

    fn row(self) -> &'static (Field, &'static str, u8, ColumnType) {
        // The table stands in the order of the fields, which a test makes sure of.
        &FIELDS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_finds_its_row() {
        for (number, (field, name, version, _)) in FIELDS.iter().enumerate() {
            assert_eq!(*field as usize, number, "{name}");
            assert_eq!(Field::named(name), Some(*field));
            assert_eq!((field.name(), field.version()), (*name, *version));
        }
        assert_eq!(Field::named("instance_id"), None);
        assert_eq!(Field::TcpFlags.column(), ("tcp_flags".into(), Int32));
    }

    /// The versions and types that AWS documents, counted.
    #[test]
    fn versions_and_types_are_those_of_the_documentation() {
        let of = |version| FIELDS.iter().filter(|row| row.2 == version).count();
        assert_eq!([2, 3, 4, 5, 6, 7, 8, 9, 10].map(of), [14, 7, 4, 4, 0, 10, 1, 1, 1]);
        let names = |kind| FIELDS.iter().filter(|row| row.3 == kind).map(|row| row.1).collect::<Vec<_>>();
        let int32 = ["version", "srcport", "dstport", "protocol", "tcp-flags", "traffic-path", "encryption-status"];
        assert_eq!(names(Int32), int32);
        assert_eq!(names(Int64), ["packets", "bytes", "start", "end"]);
    }
}
