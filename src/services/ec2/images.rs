//! A few public images.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::hex::hex;
use crate::world::op::Op;

use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::{kinds, store};

/// The operations on images.
pub const OPS: &[Op] = &[op!(Read "DescribeImages" describe)];

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::IMAGE,
    paths: &[
        ("architecture", "Architecture"),
        ("block-device-mapping.device-name", ""),
        ("block-device-mapping.volume-type", ""),
        ("creation-date", "CreationDate"),
        ("description", "Description"),
        ("ena-support", "EnaSupport"),
        ("hypervisor", "Hypervisor"),
        ("image-id", "ImageId"),
        ("image-type", "ImageType"),
        ("is-public", "Public"),
        ("name", "Name"),
        ("owner-alias", "ImageOwnerAlias"),
        ("owner-id", "OwnerId"),
        ("platform", "Platform"),
        ("platform-details", "PlatformDetails"),
        ("product-code", ""),
        ("root-device-name", "RootDeviceName"),
        ("root-device-type", "RootDeviceType"),
        ("state", "State"),
        ("usage-operation", "UsageOperation"),
        ("virtualization-type", "VirtualizationType"),
    ],
};

/// A public image. Its id differs between Regions.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    pub name: &'static str,
    pub description: &'static str,
    /// `x86_64` or `arm64`.
    pub architecture: &'static str,
    pub owner: &'static str,
    pub created: &'static str,
    pub root: &'static str,
}

const AMAZON: &str = "137112412989";
const CANONICAL: &str = "099720109477";
const DEBIAN: &str = "136693071363";
const WINDOWS: &str = "801119661308";

const fn image(
    name: &'static str,
    description: &'static str,
    architecture: &'static str,
    owner: &'static str,
    created: &'static str,
    root: &'static str,
) -> Image {
    Image { name, description, architecture, owner, created, root }
}

/// The images.
pub const IMAGES: [Image; 8] = [
    image(
        "al2023-ami-2023.6.20250115.0-kernel-6.1-x86_64",
        "Amazon Linux 2023 AMI 2023.6.20250115.0 x86_64 HVM kernel-6.1",
        "x86_64",
        AMAZON,
        "2025-01-14T23:11:15.000Z",
        "/dev/xvda",
    ),
    image(
        "al2023-ami-2023.6.20250115.0-kernel-6.1-arm64",
        "Amazon Linux 2023 AMI 2023.6.20250115.0 arm64 HVM kernel-6.1",
        "arm64",
        AMAZON,
        "2025-01-14T23:11:22.000Z",
        "/dev/xvda",
    ),
    image(
        "amzn2-ami-hvm-2.0.20250116.0-x86_64-gp2",
        "Amazon Linux 2 AMI 2.0.20250116.0 x86_64 HVM gp2",
        "x86_64",
        AMAZON,
        "2025-01-17T20:50:02.000Z",
        "/dev/xvda",
    ),
    image(
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250115",
        "Canonical, Ubuntu, 24.04, amd64 noble image",
        "x86_64",
        CANONICAL,
        "2025-01-15T07:31:34.000Z",
        "/dev/sda1",
    ),
    image(
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20250115",
        "Canonical, Ubuntu, 24.04, arm64 noble image",
        "arm64",
        CANONICAL,
        "2025-01-15T07:35:01.000Z",
        "/dev/sda1",
    ),
    image(
        "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20250112",
        "Canonical, Ubuntu, 22.04 LTS, amd64 jammy image build on 2025-01-12",
        "x86_64",
        CANONICAL,
        "2025-01-12T08:29:17.000Z",
        "/dev/sda1",
    ),
    image(
        "debian-12-amd64-20250115-1993",
        "Debian 12 (20250115-1993)",
        "x86_64",
        DEBIAN,
        "2025-01-15T00:58:24.000Z",
        "/dev/xvda",
    ),
    image(
        "Windows_Server-2022-English-Full-Base-2025.01.15",
        "Microsoft Windows Server 2022 Full Locale English AMI provided by Amazon",
        "x86_64",
        WINDOWS,
        "2025-01-15T19:38:26.000Z",
        "/dev/sda1",
    ),
];

record! {
    struct Describe {
        ids: Vec<String> = "ImageIds",
        owners: Vec<String> = "Owners",
        users: Vec<String> = "ExecutableUsers",
    }
    struct Images { images: Vec<Shown<View>> = "Images" }
    struct View {
        platform_details: String = "PlatformDetails",
        usage: String = "UsageOperation",
        description: String = "Description",
        ena: bool = "EnaSupport",
        hypervisor: String = "Hypervisor",
        alias: Option<String> = "ImageOwnerAlias",
        name: String = "Name",
        root: String = "RootDeviceName",
        root_type: String = "RootDeviceType",
        virtualization: String = "VirtualizationType",
        id: String = "ImageId",
        location: String = "ImageLocation",
        state: String = "State",
        owner: String = "OwnerId",
        created: String = "CreationDate",
        public: bool = "Public",
        architecture: String = "Architecture",
        kind: String = "ImageType",
        platform: Option<String> = "Platform",
    }
}

/// The images of a Region, by id.
pub fn in_region(region: &str) -> BTreeMap<String, &'static Image> {
    IMAGES.iter().map(|image| (image.id(region), image)).collect()
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Images, PageEnd), Fault> {
    let ec2 = store(cx);
    let mut images = in_region(&ec2.region);
    if let Some(missing) = input.ids.iter().find(|id| !images.contains_key(*id)) {
        return Err(kinds::IMAGE.missing(missing));
    }
    images.retain(|id, image| {
        let owned = |owner: &String| owner == image.owner || Some(owner.as_str()) == image.alias();
        // Nobody has images of one's own, and everybody can use the public ones.
        let usable = |user: &String| user == "all";
        (input.ids.is_empty() || input.ids.contains(id))
            && (input.owners.is_empty() || input.owners.iter().any(owned))
            && (input.users.is_empty() || input.users.iter().any(usable))
    });
    let wanted = Wanted { ids: &[], filters: &filters, page: &page };
    let (images, end) = LISTING.list(&ec2.tags, &images, wanted, |image| image.view(&ec2.region))?;
    Ok((Images { images }, end))
}

impl Image {
    /// The same in each account, and another in each Region.
    pub fn id(&self, region: &str) -> String {
        let digest = Sha256::digest(format!("{region}/{}", self.name));
        format!("ami-0{}", hex(&digest[..8]))
    }

    /// What Amazon's own images are called by.
    fn alias(&self) -> Option<&'static str> {
        matches!(self.owner, AMAZON | WINDOWS).then_some("amazon")
    }

    pub fn is_windows(&self) -> bool {
        self.owner == WINDOWS
    }

    /// `Linux/UNIX` and `Windows`, with the operations that are billed.
    pub fn platform(&self) -> (&'static str, &'static str) {
        if self.is_windows() { ("Windows", "RunInstances:0002") } else { ("Linux/UNIX", "RunInstances") }
    }

    fn view(&self, region: &str) -> View {
        let (platform_details, usage) = self.platform();
        let alias = self.alias();
        View {
            platform_details: platform_details.to_owned(),
            usage: usage.to_owned(),
            description: self.description.to_owned(),
            ena: true,
            hypervisor: "xen".to_owned(),
            alias: alias.map(str::to_owned),
            name: self.name.to_owned(),
            root: self.root.to_owned(),
            root_type: "ebs".to_owned(),
            virtualization: "hvm".to_owned(),
            id: self.id(region),
            location: format!("{}/{}", alias.unwrap_or(self.owner), self.name),
            state: "available".to_owned(),
            owner: self.owner.to_owned(),
            created: self.created.to_owned(),
            public: true,
            architecture: self.architecture.to_owned(),
            kind: "machine".to_owned(),
            platform: self.is_windows().then(|| "windows".to_owned()),
        }
    }
}
