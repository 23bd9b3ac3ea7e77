//! JSON Schema, as much of it as ours uses.

use serde_json::Value;

/// What of `value` is not as `schema` demands: as much of JSON Schema as ours uses.
pub(crate) fn faults(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (keyword, rule) in schema.as_object().unwrap() {
        let is_kept = match keyword.as_str() {
            "const" => rule == value,
            "enum" => rule.as_array().unwrap().contains(value),
            "type" => is_of_type(rule, value),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "required" => rule.as_array().unwrap().iter().all(|name| {
                value.as_object().is_none_or(|object| object.contains_key(name.as_str().unwrap()))
            }),
            "additionalProperties" => value.as_object().is_none_or(|object| {
                object.keys().all(|name| schema["properties"].get(name).is_some())
            }),
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        found.extend(faults(rule, member, &format!("{at}/{name}")));
                    }
                }
                true
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    found.extend(faults(rule, item, &format!("{at}/*")));
                }
                true
            }
            "$schema" | "title" | "description" => true,
            other => panic!("{other} is not known here"),
        };
        if !is_kept {
            found.push(format!("{at}: {keyword} {rule}: {value}"));
        }
    }
    found
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "null" => value.is_null(),
        other => panic!("{other} is not known here"),
    };
    match rule {
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        name => is(name.as_str().unwrap()),
    }
}
