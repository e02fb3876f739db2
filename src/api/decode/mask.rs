//! Update masks (AIP-134): an absent mask means the fields that the message populates, `*` all of them, and a path that the resource does
//! not have is refused. One generic function for every resource, over the descriptor. A field is copied once, however often it is named,
//! and a mask of more paths than the resource has fields is not looked at: what a mask costs is bounded by its resource.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, MessageDescriptor, ReflectMessage};
use prost_types::FieldMask;

use crate::domain::violation::{Fault, FieldReason, Violations};
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
    let writable = |field: &FieldDescriptor| !R::OUTPUT_ONLY.contains(&field.name());
    let fields: Vec<_> = match mask.map(|mask| mask.paths).filter(|paths| !paths.is_empty()) {
        None => descriptor.fields().filter(|field| patch.has_field(field) && writable(field)).collect(),
        Some(paths) if paths == ["*"] => descriptor.fields().filter(writable).collect(),
        Some(paths) => named(&descriptor, &paths, writable, path, &mut violations),
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

/// The fields that the paths name, each once.
fn named(
    descriptor: &MessageDescriptor,
    paths: &[String],
    writable: impl Fn(&FieldDescriptor) -> bool,
    path: &str,
    violations: &mut Violations,
) -> Vec<FieldDescriptor> {
    let max = descriptor.fields().len();
    if paths.len() > max {
        violations.push_with("update_mask.paths", Fault::new(FieldReason::FieldTooLong).with("max", max));
        return Vec::new();
    }
    let mut fields = BTreeMap::new();
    for (at, name) in paths.iter().enumerate() {
        match descriptor.get_field_by_name(name) {
            None => violations.push(format!("update_mask.paths[{at}]"), FieldReason::FieldUnknown),
            Some(field) if !writable(&field) => violations.push(format!("{path}.{name}"), FieldReason::FieldImmutable),
            Some(field) => {
                fields.insert(field.number(), field);
            }
        }
    }
    fields.into_values().collect()
}

fn dynamic<R: Resource>(message: &R) -> DynamicMessage {
    let descriptor = POOL.get_message_by_name(R::NAME).expect("invariant: every resource stands in the descriptor set");
    let mut dynamic = DynamicMessage::new(descriptor);
    dynamic.transcode_from(message).expect("invariant: a message reads as its own descriptor");
    dynamic
}

#[cfg(test)]
mod tests {
    use crate::proto::v1::Realm;

    use super::*;

    fn masked(paths: &[&str]) -> Result<Realm, Violations> {
        let current = Realm { display_name: "old".to_owned(), ..Realm::default() };
        let patch = Realm { display_name: "new".to_owned(), ..Realm::default() };
        let mask = FieldMask { paths: paths.iter().map(ToString::to_string).collect() };
        merge(&current, &patch, Some(mask), "realm")
    }

    #[test]
    fn a_field_that_is_named_twice_is_one_field() {
        let descriptor = dynamic(&Realm::default()).descriptor();
        let paths = ["display_name".to_owned(), "display_name".to_owned(), "roles".to_owned()];
        let mut violations = Violations::new();
        let fields = named(&descriptor, &paths, |_| true, "realm", &mut violations);
        let mut names: Vec<_> = fields.iter().map(FieldDescriptor::name).collect();
        names.sort_unstable();
        assert_eq!(names, ["display_name", "roles"]);
        assert_eq!(masked(&["display_name", "display_name"]).expect("a mask").display_name, "new");
    }

    #[test]
    fn a_mask_of_more_paths_than_there_are_fields_is_refused_as_one() {
        let fields = dynamic(&Realm::default()).descriptor().fields().len();
        assert!(masked(&vec!["display_name"; fields]).is_ok());
        for path in ["display_name", "nothing"] {
            let refused = masked(&vec![path; fields + 1]).expect_err("too many paths");
            let told: Vec<_> = refused.iter().map(|told| (told.field.as_str(), told.reason)).collect();
            assert_eq!(told, [("update_mask.paths", FieldReason::FieldTooLong)]);
        }
    }
}
