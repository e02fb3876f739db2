//! Builds the JSON of a request out of flags: what was not given is not there.

use serde_json::{Map, Value};

/// A JSON object under construction.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Sets the value at a path such as `account.email.address`.
    pub(super) fn set(&mut self, path: &str, value: impl Into<Value>) {
        let (parents, name) = path.rsplit_once('.').map_or((None, path), |(parents, name)| (Some(parents), name));
        let mut object = &mut self.0;
        for parent in parents.into_iter().flat_map(|parents| parents.split('.')) {
            let entry = object.entry(parent).or_insert_with(|| Value::Object(Map::new()));
            if !entry.is_object() {
                *entry = Value::Object(Map::new());
            }
            let Value::Object(inner) = entry else { return };
            object = inner;
        }
        object.insert(name.to_owned(), value.into());
    }

    /// Sets the value if there is one.
    pub(super) fn put(&mut self, path: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(path, value);
        }
    }

    /// Sets the list if it has items.
    pub(super) fn put_all<T: Into<Value>>(&mut self, path: &str, items: impl IntoIterator<Item = T>) {
        let items: Vec<Value> = items.into_iter().map(Into::into).collect();
        self.put(path, Some(items).filter(|items| !items.is_empty()));
    }

    /// Sets the members of an object, whose names may have dots, if there are any.
    pub(super) fn put_members<T: Into<Value>>(&mut self, path: &str, members: impl IntoIterator<Item = (String, T)>) {
        let members: Map<String, Value> = members.into_iter().map(|(name, value)| (name, value.into())).collect();
        self.put(path, Some(members).filter(|members| !members.is_empty()));
    }

    /// Takes a value out at the top.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Sets the flag if it is on.
    pub(super) fn put_true(&mut self, path: &str, value: bool) {
        self.put(path, Some(true).filter(|_| value));
    }

    /// The names at the top as the mask of an update; empty where there are none.
    pub(super) fn mask(&self) -> String {
        self.0.keys().map(|name| lower_camel(name)).collect::<Vec<_>>().join(",")
    }
}

/// The JSON of a field mask spells paths in lower camel case.
fn lower_camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        camel + &head.to_uppercase() + tail
    })
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

impl From<Value> for Fields {
    /// An object as it is; anything else is no set of fields.
    fn from(value: Value) -> Self {
        match value {
            Value::Object(map) => Self(map),
            _ => Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_was_given_is_there() {
        let mut fields = Fields::default();
        fields.set("account.email.address", "a@b.c");
        fields.put("account.phone.number", None::<String>);
        fields.put("account.profile.user_name", Some("me"));
        fields.put_all("names", Vec::<String>::new());
        fields.put_all("roles", ["A", "B"]);
        fields.put_true("no", false);
        fields.put_true("yes", true);
        assert_eq!(fields.mask(), "account,roles,yes");
        let expected = json!({
            "account": {"email": {"address": "a@b.c"}, "profile": {"user_name": "me"}}, "roles": ["A", "B"], "yes": true
        });
        assert_eq!(Value::from(fields), expected);
    }
}
