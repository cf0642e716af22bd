//! Any message as JSON, by its full name: for people who look at a subject.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

static POOL: LazyLock<Result<DescriptorPool, String>> =
    LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTOR_SET).map_err(|error| error.to_string()));

/// Why a payload cannot be shown as JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Built from a different contract, or not one of ours.
    #[error("{message_type:?} is not a message of this version of Microcloud")]
    UnknownType {
        /// What the header said.
        message_type: String,
    },
    /// The bytes are not that message.
    #[error("not a valid {message_type}")]
    Malformed {
        /// What the header said.
        message_type: String,
        /// Cause.
        #[source]
        source: prost::DecodeError,
    },
    /// JSON cannot hold it.
    #[error("cannot write a {message_type} as JSON")]
    Unwritable {
        /// What the header said.
        message_type: String,
        /// Cause.
        #[source]
        source: serde_json::Error,
    },
}

/// Decodes a payload into its proto3 JSON form, with fields that have their default value written out.
///
/// # Errors
/// An unknown type or bytes that are not that message.
pub fn decode(message_type: &str, payload: &[u8]) -> Result<Value, JsonError> {
    let descriptor = (POOL.as_ref().ok())
        .and_then(|pool| pool.get_message_by_name(message_type))
        .ok_or_else(|| JsonError::UnknownType { message_type: message_type.to_owned() })?;
    let message = DynamicMessage::decode(descriptor, payload)
        .map_err(|source| JsonError::Malformed { message_type: message_type.to_owned(), source })?;
    let options = SerializeOptions::new().skip_default_fields(false);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(|source| JsonError::Unwritable { message_type: message_type.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn a_message_is_written_by_its_name() {
        let target = proto::common::v1::Target { kind: 1, id: "checkout".to_owned() };
        let json = decode("common.v1.Target", &target.encode_to_vec()).unwrap();
        assert_eq!(json, serde_json::json!({ "kind": "TARGET_KIND_SERVICE", "id": "checkout" }));
    }

    #[test]
    fn unknown_names_and_broken_bytes_are_errors() {
        assert!(matches!(decode("no.such.Message", &[]), Err(JsonError::UnknownType { .. })));
        assert!(matches!(decode("common.v1.Target", &[0xff]), Err(JsonError::Malformed { .. })));
    }
}
