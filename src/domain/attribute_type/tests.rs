use serde_json::json;

use super::*;

fn of(json: Value) -> AttributeType {
    serde_json::from_value(json).expect("a type")
}

/// `path reason` of every violation.
fn faults(attribute_type: Value, value: Value) -> Vec<String> {
    let mut violations = Violations::new();
    of(attribute_type).check("attributes.x", &value, &mut violations);
    violations.iter().map(|violation| format!("{} {}", violation.field, violation.reason)).collect()
}

fn definition_faults(attribute_type: Value) -> Vec<String> {
    let mut violations = Violations::new();
    of(attribute_type).check_definition("x", &mut violations);
    violations.iter().map(|violation| violation.field.clone()).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn strings_have_limits_in_code_points_and_an_enumeration() {
    let limited = json!({ "type": "STRING", "min": 2, "max": 3 });
    assert_eq!(faults(limited.clone(), json!("e\u{301}é")), NONE);
    assert_eq!(faults(limited.clone(), json!("e\u{301}")), ["attributes.x FIELD_TOO_SHORT"]);
    assert_eq!(faults(limited.clone(), json!("abcd")), ["attributes.x FIELD_TOO_LONG"]);
    assert_eq!(faults(limited, json!(12)), ["attributes.x FIELD_INVALID"]);
    let one_of = json!({ "type": "STRING", "enum": ["S", "M"] });
    assert_eq!(faults(one_of.clone(), json!("S")), NONE);
    assert_eq!(faults(one_of, json!("s")), ["attributes.x FIELD_INVALID"]);
}

#[test]
fn integers_are_whole_and_exact() {
    let any = json!({ "type": "INTEGER" });
    for value in [json!(0), json!(-5), json!(3.0), json!(9_007_199_254_740_992_i64), json!(-9_007_199_254_740_992_i64)]
    {
        assert_eq!(faults(any.clone(), value), NONE);
    }
    for value in [
        json!(0.5),
        json!(9_007_199_254_740_993_i64),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!("1"),
        json!(null),
    ] {
        assert_eq!(faults(any.clone(), value), ["attributes.x FIELD_INVALID"]);
    }
    let limited = json!({ "type": "INTEGER", "min": 1, "max": 5 });
    assert_eq!(faults(limited.clone(), json!(1)), NONE);
    assert_eq!(faults(limited.clone(), json!(5)), NONE);
    assert_eq!(faults(limited.clone(), json!(0)), ["attributes.x FIELD_INVALID"]);
    assert_eq!(faults(limited, json!(6)), ["attributes.x FIELD_INVALID"]);
}

#[test]
fn dates_are_days_of_the_calendar() {
    let date = json!({ "type": "DATE" });
    assert_eq!(faults(date.clone(), json!("2024-02-29")), NONE);
    for bad in ["2023-02-29", "2024-2-29", "+024-02-29", "2024-02-29T00:00:00Z", "20240229", "", "٢٠٢٤-02-29"] {
        assert_eq!(faults(date.clone(), json!(bad)), ["attributes.x FIELD_INVALID"], "{bad}");
    }
}

#[test]
fn numbers_and_booleans() {
    assert_eq!(faults(json!({ "type": "NUMBER" }), json!(0.5)), NONE);
    assert_eq!(faults(json!({ "type": "NUMBER" }), json!("0.5")), ["attributes.x FIELD_INVALID"]);
    assert_eq!(faults(json!({ "type": "BOOLEAN" }), json!(false)), NONE);
    assert_eq!(faults(json!({ "type": "BOOLEAN" }), json!(0)), ["attributes.x FIELD_INVALID"]);
}

#[test]
fn every_wrong_place_is_named_and_unknown_members_are_refused() {
    let list = json!({ "type": "LIST", "items": { "type": "BOOLEAN" } });
    assert_eq!(
        faults(list, json!([true, 1, false, "x"])),
        ["attributes.x[1] FIELD_INVALID", "attributes.x[3] FIELD_INVALID"]
    );
    let object = json!({ "type": "OBJECT", "fields": { "a": { "type": "NUMBER" }, "b": { "type": "DATE" } } });
    assert_eq!(faults(object.clone(), json!({})), NONE);
    assert_eq!(
        faults(object.clone(), json!({ "a": "1", "c": 1, "no path": 1 })),
        ["attributes.x.a FIELD_INVALID", "attributes.x.c FIELD_UNKNOWN", "attributes.x FIELD_UNKNOWN"]
    );
    assert_eq!(faults(object, json!([])), ["attributes.x FIELD_INVALID"]);
}

#[test]
fn a_definition_that_makes_no_sense_is_refused() {
    assert_eq!(definition_faults(json!({ "type": "STRING", "min": 2, "max": 2, "enum": ["ab"] })), NONE);
    for bad in [
        json!({ "type": "STRING", "min": 3, "max": 2 }),
        json!({ "type": "INTEGER", "min": 3, "max": 2 }),
        json!({ "type": "INTEGER", "max": 9_007_199_254_740_993_i64 }),
        json!({ "type": "LIST", "items": { "type": "LIST", "items": { "type": "DATE" } } }),
        json!({ "type": "LIST", "items": { "type": "OBJECT", "fields": {} } }),
        json!({ "type": "OBJECT", "fields": { "no path": { "type": "DATE" } } }),
    ] {
        assert_eq!(definition_faults(bad.clone()), ["x"], "{bad}");
    }
    let nested = json!({ "type": "OBJECT", "fields": { "a": { "type": "LIST", "items": { "type": "STRING", "min": 1, "max": 0 } } } });
    assert_eq!(definition_faults(nested), ["x.object_type.fields.a.list_type.item"]);
}

#[test]
fn a_definition_is_no_deeper_than_attributes_may_be() {
    let nested = |levels: usize, innermost: Value| {
        (0..levels).fold(innermost, |inner, _| json!({ "type": "OBJECT", "fields": { "a": inner } }))
    };
    assert_eq!(definition_faults(nested(7, json!({ "type": "DATE" }))), NONE);
    assert_eq!(definition_faults(nested(6, json!({ "type": "LIST", "items": { "type": "DATE" } }))), NONE);
    assert_eq!(definition_faults(nested(8, json!({ "type": "DATE" }))).len(), 1);
    assert_eq!(definition_faults(nested(7, json!({ "type": "LIST", "items": { "type": "DATE" } }))).len(), 1);
}

#[test]
fn json_says_the_type_by_name() {
    let attribute_type = AttributeType::List { items: Box::new(AttributeType::Integer { min: Some(1), max: None }) };
    let json = serde_json::to_value(&attribute_type).expect("json");
    assert_eq!(json, json!({ "type": "LIST", "items": { "type": "INTEGER", "min": 1 } }));
    assert_eq!(of(json), attribute_type);
    assert_eq!(of(json!({ "type": "DATE", "invented_later": 1 })), AttributeType::Date);
    assert!(serde_json::from_value::<AttributeType>(json!({ "type": "COLOUR" })).is_err());
}
