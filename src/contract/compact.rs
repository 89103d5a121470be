//! The packed form of contracts: what `build.rs` embeds and a first use unpacks.
//!
//! A string table, then the contract as LEB128 numbers; a string is its place in the table, so all
//! names of an unpacked contract are slices of the packed bytes. Writer and reader stand side by side
//! here and agree on nothing but this file.

use std::collections::HashMap;

use super::model::*;

/// Packs a contract.
pub fn pack(contract: &Contract) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.contract(contract);
    let mut out = Vec::new();
    push_number(&mut out, writer.strings.len() as u64);
    for string in &writer.strings {
        push_number(&mut out, string.len() as u64);
    }
    let text = writer.strings.concat();
    push_number(&mut out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(&writer.body);
    out
}

/// Unpacks what [`pack`] made. Other bytes are a broken build, and panic.
#[allow(dead_code, reason = "build.rs compiles this file too and only packs")]
pub fn unpack(packed: &'static [u8]) -> Contract {
    let mut reader = Reader { rest: packed, strings: Vec::new() };
    let lengths: Vec<usize> = reader.list(Reader::size);
    let size = reader.size();
    let (text, body) = reader.rest.split_at(size);
    let mut text = std::str::from_utf8(text).expect("packed strings are UTF-8");
    for length in lengths {
        let (string, rest) = text.split_at(length);
        reader.strings.push(string);
        text = rest;
    }
    reader.rest = body;
    reader.contract().index()
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Writes the body and collects the strings it refers to.
#[derive(Default)]
struct Writer {
    strings: Vec<&'static str>,
    places: HashMap<&'static str, u64>,
    body: Vec<u8>,
}

impl Writer {
    fn contract(&mut self, contract: &Contract) {
        self.string(contract.service);
        self.list(&contract.protocols, |writer, protocol| writer.number(*protocol as u64));
        for string in [
            contract.json_version,
            contract.target_prefix,
            contract.rpc_name,
            contract.signing_name,
            contract.endpoint_prefix,
            contract.api_version,
            contract.xml_namespace,
            contract.path_member,
            contract.error_namespace,
        ] {
            self.string(string);
        }
        self.flags(&[contract.global, contract.query_compatible]);
        self.number(contract.validation as u64);
        self.record_style(&contract.record);
        self.list(&contract.operations, Writer::operation);
        self.list(&contract.shapes, Writer::shape);
    }

    fn record_style(&mut self, style: &RecordStyle) {
        self.string(style.event_source);
        self.string(style.event_version);
        self.string(style.api_version);
        self.number(style.form as u64);
        self.flags(&[style.comma_after_year, style.keeps_denied_parameters]);
    }

    fn operation(&mut self, operation: &Operation) {
        self.string(operation.name);
        self.string(operation.method);
        self.string(operation.uri);
        self.number(operation.status.into());
        self.optional_shape(operation.input);
        self.optional_shape(operation.output);
        self.string(operation.result_wrapper);
        self.string(operation.input_root);
        self.string(operation.output_root);
        self.list(&operation.errors, |writer, id| writer.number(id.0.into()));
        self.string(operation.event_name);
        self.flags(&[
            operation.checksum_required,
            operation.record_wrapped,
            operation.record_response,
            operation.record_endpoint,
            operation.record_data,
            operation.record_read_only.is_some(),
            operation.record_read_only == Some(true),
        ]);
        self.string(operation.record_extra);
        self.string(operation.record_answer);
        self.flags(&[operation.output_unwrapped, operation.unsigned]);
    }

    fn shape(&mut self, shape: &Shape) {
        self.string(shape.name);
        self.kind(&shape.kind);
        self.constraints(&shape.constraints);
        self.flags(&[shape.sensitive, shape.error.is_some()]);
        if let Some(error) = &shape.error {
            self.string(error.code);
            self.number(error.status.into());
            self.flags(&[error.fault]);
            self.string(error.namespace);
            error.query_message.iter().for_each(|sentence| self.string(sentence));
        }
    }

    fn kind(&mut self, kind: &Kind) {
        match kind {
            Kind::Structure(structure) => {
                self.number(0);
                self.string(structure.payload);
                self.flags(&[structure.union, structure.event_stream]);
                self.list(&structure.members, Writer::member);
            }
            Kind::List { member, flattened } => {
                self.number(1);
                self.reference(member);
                self.flags(&[*flattened]);
            }
            Kind::Map { key, value, flattened } => {
                self.number(2);
                self.reference(key);
                self.reference(value);
                self.flags(&[*flattened]);
            }
            Kind::String => self.number(3),
            Kind::Boolean => self.number(4),
            Kind::Integer => self.number(5),
            Kind::Long => self.number(6),
            Kind::Float => self.number(7),
            Kind::Double => self.number(8),
            Kind::Blob => self.number(9),
            Kind::Timestamp(format) => {
                self.number(10);
                self.number(format.map_or(0, |format| 1 + format as u64));
            }
        }
    }

    fn member(&mut self, member: &Member) {
        self.string(member.name);
        self.number(member.shape.0.into());
        self.number(member.location as u64);
        self.string(member.wire_name);
        self.string(member.query_name);
        self.string(member.xml_namespace.0);
        self.string(member.xml_namespace.1);
        self.flags(&[
            member.required,
            member.flattened,
            member.xml_attribute,
            member.idempotency_token,
            member.streaming,
            member.record.is_some(),
        ]);
        self.number(member.redact as u64);
        if let Some(record) = &member.record {
            self.member_record(record);
        }
    }

    fn member_record(&mut self, record: &MemberRecord) {
        self.string(record.name);
        self.string(record.item);
        self.string(record.default);
        self.string(record.within);
        self.flags(&[record.plain]);
    }

    fn constraints(&mut self, constraints: &Constraints) {
        self.flags(&[constraints.min.is_some(), constraints.max.is_some()]);
        for bound in [constraints.min, constraints.max].into_iter().flatten() {
            self.body.extend_from_slice(&bound.to_le_bytes());
        }
        self.string(constraints.pattern);
        self.list(&constraints.values, |writer, value| writer.string(value));
    }

    fn reference(&mut self, reference: &Reference) {
        self.number(reference.shape.0.into());
        self.string(reference.wire_name);
    }

    fn optional_shape(&mut self, shape: Option<ShapeId>) {
        self.number(shape.map_or(0, |id| u64::from(id.0) + 1));
    }

    fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Writer, &T)) {
        self.number(items.len() as u64);
        for item in items {
            write(self, item);
        }
    }

    fn string(&mut self, string: &'static str) {
        let next = self.strings.len() as u64;
        let place = *self.places.entry(string).or_insert(next);
        if place == next {
            self.strings.push(string);
        }
        self.number(place);
    }

    /// Up to seven flags in one byte.
    fn flags(&mut self, flags: &[bool]) {
        let bits = flags.iter().enumerate().map(|(index, flag)| u64::from(*flag) << index).sum();
        self.number(bits);
    }

    fn number(&mut self, number: u64) {
        push_number(&mut self.body, number);
    }
}

/// Reads the body in the order it was written.
#[allow(dead_code, reason = "build.rs compiles this file too and only packs")]
struct Reader {
    rest: &'static [u8],
    strings: Vec<&'static str>,
}

#[allow(dead_code, reason = "build.rs compiles this file too and only packs")]
impl Reader {
    fn contract(&mut self) -> Contract {
        let service = self.string();
        let protocols = self.list(Reader::protocol);
        let texts = std::array::from_fn(|_| self.string());
        let [
            json_version,
            target_prefix,
            rpc_name,
            signing_name,
            endpoint_prefix,
            api_version,
            xml_namespace,
            path_member,
            error_namespace,
        ] = texts;
        let [global, query_compatible] = self.flags();
        Contract {
            service,
            protocols,
            json_version,
            target_prefix,
            rpc_name,
            signing_name,
            endpoint_prefix,
            api_version,
            xml_namespace,
            path_member,
            error_namespace,
            global,
            query_compatible,
            validation: self.one_of(&[
                Validation::Exception,
                Validation::Error,
                Validation::Parameter,
                Validation::Ec2,
                Validation::S3,
                Validation::Missing,
            ]),
            record: self.record_style(),
            operations: self.list(Reader::operation),
            shapes: self.list(Reader::shape),
            by_name: HashMap::new(),
        }
    }

    fn protocol(&mut self) -> Protocol {
        use Protocol::*;
        self.one_of(&[Json, Query, Ec2, RestXml, RestJson, Cbor])
    }

    fn record_style(&mut self) -> RecordStyle {
        let [event_source, event_version, api_version] = std::array::from_fn(|_| self.string());
        let form = self.one_of(&[RecordForm::Members, RecordForm::Ec2, RecordForm::S3]);
        let [comma_after_year, keeps_denied_parameters] = self.flags();
        RecordStyle { event_source, event_version, api_version, form, comma_after_year, keeps_denied_parameters }
    }

    fn operation(&mut self) -> Operation {
        let [name, method, uri] = std::array::from_fn(|_| self.string());
        let status = self.number() as u16;
        let input = self.optional_shape();
        let output = self.optional_shape();
        let [result_wrapper, input_root, output_root] = std::array::from_fn(|_| self.string());
        let errors = self.list(Reader::shape_id);
        let event_name = self.string();
        let [
            checksum_required,
            record_wrapped,
            record_response,
            record_endpoint,
            record_data,
            knows_read_only,
            read_only,
        ] = self.flags();
        let record_extra = self.string();
        let record_answer = self.string();
        let [output_unwrapped, unsigned] = self.flags();
        Operation {
            name,
            method,
            uri,
            status,
            input,
            output,
            result_wrapper,
            input_root,
            output_root,
            output_unwrapped,
            errors,
            checksum_required,
            event_name,
            record_wrapped,
            record_response,
            record_endpoint,
            record_read_only: knows_read_only.then_some(read_only),
            record_data,
            record_extra,
            record_answer,
            unsigned,
        }
    }

    fn shape(&mut self) -> Shape {
        let name = self.string();
        let kind = self.kind();
        let constraints = self.constraints();
        let [sensitive, is_error] = self.flags();
        let error = is_error.then(|| self.error());
        Shape { name, kind, constraints, sensitive, error }
    }

    fn error(&mut self) -> ErrorTrait {
        let code = self.string();
        let status = self.number() as u16;
        let [fault] = self.flags();
        let namespace = self.string();
        let query_message = std::array::from_fn(|_| self.string());
        ErrorTrait { code, status, fault, namespace, query_message }
    }

    fn kind(&mut self) -> Kind {
        match self.number() {
            0 => Kind::Structure(self.structure()),
            1 => {
                let member = self.reference();
                let [flattened] = self.flags();
                Kind::List { member, flattened }
            }
            2 => {
                let [key, value] = std::array::from_fn(|_| self.reference());
                let [flattened] = self.flags();
                Kind::Map { key, value, flattened }
            }
            3 => Kind::String,
            4 => Kind::Boolean,
            5 => Kind::Integer,
            6 => Kind::Long,
            7 => Kind::Float,
            8 => Kind::Double,
            9 => Kind::Blob,
            _ => Kind::Timestamp(self.timestamp_format()),
        }
    }

    fn timestamp_format(&mut self) -> Option<TimestampFormat> {
        use TimestampFormat::*;
        self.one_of(&[None, Some(Iso8601), Some(Rfc822), Some(UnixSeconds)])
    }

    fn structure(&mut self) -> Structure {
        let payload = self.string();
        let [union, event_stream] = self.flags();
        Structure { payload, union, event_stream, members: self.list(Reader::member) }
    }

    fn member(&mut self) -> Member {
        use Location::*;
        let name = self.string();
        let shape = self.shape_id();
        let location = self.one_of(&[Body, Uri, Query, Header, Headers, Status]);
        let [wire_name, query_name, namespace, prefix] = std::array::from_fn(|_| self.string());
        let [required, flattened, xml_attribute, idempotency_token, streaming, has_record] = self.flags();
        let redact = self.one_of(&[Redaction::None, Redaction::Hidden, Redaction::Removed, Redaction::Omitted]);
        Member {
            name,
            shape,
            location,
            wire_name,
            query_name,
            required,
            flattened,
            xml_attribute,
            xml_namespace: (namespace, prefix),
            idempotency_token,
            streaming,
            redact,
            record: has_record.then(|| Box::new(self.member_record())),
        }
    }

    fn member_record(&mut self) -> MemberRecord {
        let [name, item, default, within] = std::array::from_fn(|_| self.string());
        let [plain] = self.flags();
        MemberRecord { name, item, default, within, plain }
    }

    fn constraints(&mut self) -> Constraints {
        let [has_min, has_max] = self.flags();
        let min = has_min.then(|| self.bound());
        let max = has_max.then(|| self.bound());
        Constraints { min, max, pattern: self.string(), values: self.list(Reader::string) }
    }

    fn bound(&mut self) -> f64 {
        let (bytes, rest) = self.rest.split_first_chunk().expect("a packed bound has eight bytes");
        self.rest = rest;
        f64::from_le_bytes(*bytes)
    }

    fn reference(&mut self) -> Reference {
        Reference { shape: self.shape_id(), wire_name: self.string() }
    }

    fn shape_id(&mut self) -> ShapeId {
        ShapeId(self.number() as u32)
    }

    fn optional_shape(&mut self) -> Option<ShapeId> {
        self.number().checked_sub(1).map(|id| ShapeId(id as u32))
    }

    fn list<T>(&mut self, read: impl Fn(&mut Reader) -> T) -> Vec<T> {
        let length = self.size();
        (0..length).map(|_| read(self)).collect()
    }

    fn string(&mut self) -> &'static str {
        let place = self.size();
        self.strings[place]
    }

    fn flags<const N: usize>(&mut self) -> [bool; N] {
        let bits = self.number();
        std::array::from_fn(|index| bits >> index & 1 == 1)
    }

    /// A variant by its place in the enumeration.
    fn one_of<T: Copy>(&mut self, variants: &[T]) -> T {
        variants[self.size()]
    }

    fn size(&mut self) -> usize {
        self.number() as usize
    }

    fn number(&mut self) -> u64 {
        let mut number = 0;
        let mut shift = 0;
        loop {
            let (byte, rest) = self.rest.split_first().expect("packed numbers end");
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return number;
            }
            shift += 7;
        }
    }
}
