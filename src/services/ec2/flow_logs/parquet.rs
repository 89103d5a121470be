//! Parquet files of flow logs
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>): a column for each field, compressed
//! with gzip. Numbers that a record does not have are null, texts are `-`.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, GzipLevel, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use crate::network::flow_logs::{ColumnType, Field, Format, Record, Value};

/// A file of records; nothing, if the writer refuses them, which it has no reason to.
pub fn file(format: &Format, records: &[&Record]) -> Option<Bytes> {
    write(format, records).ok()
}

fn write(format: &Format, records: &[&Record]) -> Result<Bytes> {
    // A column has one name; a field that is given twice is one column.
    let mut fields: Vec<Field> = Vec::new();
    for field in format.fields() {
        if !fields.contains(field) {
            fields.push(*field);
        }
    }
    let columns = fields.iter().map(|field| column(*field)).collect::<Result<Vec<_>>>()?;
    let schema = Arc::new(Type::group_type_builder("vpcflowlogs").with_fields(columns).build()?);
    // Readers from before 2.0 of the format do not know the crate's dictionary pages; gzip makes up for them.
    let properties = WriterProperties::builder()
        .set_compression(Compression::GZIP(GzipLevel::default()))
        .set_dictionary_enabled(false);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build()))?;
    let mut group = writer.next_row_group()?;
    for field in fields {
        let values = records.iter().map(|record| record.value(field, format));
        write_column(&mut group, field, values)?;
    }
    group.close()?;
    Ok(writer.into_inner()?.into())
}

fn column(field: Field) -> Result<Arc<Type>> {
    let (name, kind) = field.column();
    let (physical, logical) = match kind {
        ColumnType::Int32 => (Physical::INT32, None),
        ColumnType::Int64 => (Physical::INT64, None),
        ColumnType::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let column = Type::primitive_type_builder(&name, physical).with_repetition(Repetition::OPTIONAL);
    Ok(Arc::new(column.with_logical_type(logical).build()?))
}

fn write_column<'r>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    field: Field,
    values: impl Iterator<Item = Value<'r>>,
) -> Result<()> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    match field.column().1 {
        ColumnType::Text => {
            let texts: Vec<ByteArray> = values.map(|value| ByteArray::from(text(&value).into_bytes())).collect();
            let levels = vec![1; texts.len()];
            column.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None)?;
        }
        ColumnType::Int32 => {
            let (levels, numbers) = numbers(values);
            let numbers: Vec<i32> =
                numbers.into_iter().map(|number| i32::try_from(number).unwrap_or(i32::MAX)).collect();
            column.typed::<Int32Type>().write_batch(&numbers, Some(&levels), None)?;
        }
        ColumnType::Int64 => {
            let (levels, numbers) = numbers(values);
            column.typed::<Int64Type>().write_batch(&numbers, Some(&levels), None)?;
        }
    }
    column.close()
}

/// Whether each row has a number, and the numbers.
fn numbers<'r>(values: impl Iterator<Item = Value<'r>>) -> (Vec<i16>, Vec<i64>) {
    let (mut levels, mut numbers) = (Vec::new(), Vec::new());
    for value in values {
        let number = match value {
            Value::Number(number) => Some(number),
            _ => None,
        };
        levels.push(i16::from(number.is_some()));
        numbers.extend(number);
    }
    (levels, numbers)
}

fn text(value: &Value) -> String {
    match value {
        Value::Missing => "-".to_owned(),
        Value::Text(text) => (*text).to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Address(address) => address.to_string(),
    }
}
