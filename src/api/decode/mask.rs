//! Update masks (AIP-134): an absent mask means the fields that the message populates, `*` all of them, and a path that the resource does
//! not have is refused. One generic function for every resource, over the descriptor.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage};
use prost_types::FieldMask;

use crate::domain::violation::{FieldReason, Violations};
use crate::proto::FILE_DESCRIPTOR_SET;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("invariant: the descriptor set was made by the build")
});

/// A resource that masks can be applied to.
pub trait Resource: prost::Message + Default {
    /// Its full name in the descriptor set.
    const NAME: &'static str;
    /// Fields that are the server's: populated they are ignored, in a mask they are refused.
    const OUTPUT_ONLY: &'static [&'static str];
}

/// Puts the masked fields of `patch` over `current`. `path` is where the resource stands in the request.
pub fn merge<R: Resource>(current: &R, patch: &R, mask: Option<FieldMask>, path: &str) -> Result<R, Violations> {
    let (mut merged, patch) = (dynamic(current), dynamic(patch));
    let mut violations = Violations::new();
    let descriptor = merged.descriptor();
    let writable = |name: &str| !R::OUTPUT_ONLY.contains(&name);
    let fields: Vec<_> = match mask.map(|mask| mask.paths).filter(|paths| !paths.is_empty()) {
        None => descriptor.fields().filter(|field| patch.has_field(field) && writable(field.name())).collect(),
        Some(paths) if paths == ["*"] => descriptor.fields().filter(|field| writable(field.name())).collect(),
        Some(paths) => {
            let known = paths.iter().enumerate().filter_map(|(at, name)| {
                let field = descriptor.get_field_by_name(name);
                match &field {
                    None => violations.push(format!("update_mask.paths[{at}]"), FieldReason::FieldUnknown),
                    Some(field) if !writable(field.name()) => {
                        violations.push(format!("{path}.{name}"), FieldReason::FieldImmutable);
                    }
                    Some(_) => {}
                }
                field
            });
            known.collect()
        }
    };
    for field in fields {
        match patch.has_field(&field) {
            true => merged.set_field(&field, patch.get_field(&field).into_owned()),
            false => merged.clear_field(&field),
        }
    }
    let merged = merged.transcode_to().map_err(|_| {
        let mut unreadable = Violations::new();
        unreadable.push(path, FieldReason::FieldInvalid);
        unreadable
    })?;
    violations.into_result(merged)
}

fn dynamic<R: Resource>(message: &R) -> DynamicMessage {
    let descriptor = POOL.get_message_by_name(R::NAME).expect("invariant: every resource stands in the descriptor set");
    let mut dynamic = DynamicMessage::new(descriptor);
    dynamic.transcode_from(message).expect("invariant: a message reads as its own descriptor");
    dynamic
}
