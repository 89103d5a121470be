//! Formats of flow logs: which fields, in which order
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, custom format).

use std::fmt;

use super::fields::{FIELDS, Field};

/// The fields of a flow log's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    fields: Vec<Field>,
    version: u8,
}

/// A `LogFormat` that AWS does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatFault {
    /// Not `${field}`s with one blank between them; a blank at the end counts. AWS: "1 validation error detected: Value
    /// '…' at 'logFormat' has an invalid format".
    Syntax,
    /// A field that flow logs of VPCs do not have.
    Unknown(String),
}

impl Format {
    /// `${version} ${account-id} …`.
    pub fn parse(text: &str) -> Result<Format, FormatFault> {
        let fields = text.split(' ').map(field).collect::<Result<Vec<_>, _>>()?;
        Ok(Format::of(fields))
    }

    fn of(fields: Vec<Field>) -> Format {
        let version = fields.iter().map(|field| field.version()).max().unwrap_or(2);
        Format { fields, version }
    }

    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The highest version among the fields: what the field `version` shows.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// The first line of text files in S3: the names. Log streams have none.
    pub fn header(&self) -> String {
        self.fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(" ")
    }
}

impl Default for Format {
    /// The fields of version 2.
    fn default() -> Format {
        Format::of(FIELDS.iter().filter(|row| row.2 == 2).map(|row| row.0).collect())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        for (number, field) in self.fields.iter().enumerate() {
            let blank = if number == 0 { "" } else { " " };
            write!(out, "{blank}${{{}}}", field.name())?;
        }
        Ok(())
    }
}

fn field(text: &str) -> Result<Field, FormatFault> {
    let name = text.strip_prefix("${").and_then(|text| text.strip_suffix('}')).ok_or(FormatFault::Syntax)?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    match Field::named(name) {
        Some(field) => Ok(field),
        None if is_name => Err(FormatFault::Unknown(name.to_owned())),
        None => Err(FormatFault::Syntax),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_format_is_version_2() {
        let text = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
                    ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";
        assert_eq!(Format::default().to_string(), text);
        assert_eq!(Format::parse(text), Ok(Format::default()));
        assert_eq!(Format::default().version(), 2);
    }

    #[test]
    fn the_version_is_the_highest_among_the_fields() {
        let version = |text: &str| Format::parse(text).expect("a format").version();
        assert_eq!(version("${srcaddr}"), 2);
        assert_eq!(version("${version} ${vpc-id} ${region}"), 4);
        assert_eq!(version("${traffic-path} ${version}"), 5);
        assert_eq!(version("${ecs-task-id}"), 7);
        assert_eq!(version("${reject-reason}"), 8);
        assert_eq!(version("${resource-id}"), 9);
        assert_eq!(version("${encryption-status} ${start}"), 10);
    }

    #[test]
    fn fields_keep_the_order_given() {
        let format = Format::parse("${instance-id} ${start} ${instance-id}").expect("a format");
        assert_eq!(format.header(), "instance-id start instance-id");
        assert_eq!(format.to_string(), "${instance-id} ${start} ${instance-id}");
    }

    #[test]
    fn what_is_no_format_is_refused() {
        // A blank at the end: aws-cloudformation/rain 288.
        for text in
            ["", " ", "srcaddr", "${srcaddr} ", "${srcaddr}  ${start}", "${srcaddr}${start}", "$${start}", "${}"]
        {
            assert_eq!(Format::parse(text), Err(FormatFault::Syntax), "{text:?}");
        }
        assert_eq!(Format::parse("${start} ${tgw-id}"), Err(FormatFault::Unknown("tgw-id".into())));
    }
}
