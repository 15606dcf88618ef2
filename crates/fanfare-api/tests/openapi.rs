//! The OpenAPI document: sound in itself, served, and what `docs/openapi.json` says.

#![allow(clippy::unwrap_used)]

mod door;

use door::Door;
use fanfare_api::{ALL, openapi};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn the_file_is_what_the_code_says() {
    let file: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let write = "write it anew: cargo run -p fanfare-api --example openapi > docs/openapi.json";
    assert!(file == openapi(), "docs/openapi.json is not what the code says; {write}");
}

#[tokio::test]
async fn it_is_served() {
    let answer = Door::open().get("/openapi.json").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.json(), openapi());
}

#[test]
fn every_route_is_in_it_with_all_its_parameters() {
    let document = openapi();
    for route in ALL {
        let template = route.path.replace('<', "{").replace('>', "}");
        for method in route.methods {
            let operation = &document["paths"][template.as_str()][method.to_ascii_lowercase()];
            let named = |place: &str| -> BTreeSet<&str> {
                let all = operation["parameters"].as_array().unwrap().iter();
                all.filter(|parameter| parameter["in"] == place)
                    .map(|parameter| parameter["name"].as_str().unwrap())
                    .collect()
            };
            let in_path: BTreeSet<&str> =
                template.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
            assert_eq!(named("path"), in_path, "{method} {template}");
            let query = route.query.iter().map(|parameter| parameter.name);
            assert!(named("query").is_superset(&query.collect()), "{method} {template}");
        }
    }
}

#[test]
fn what_it_refers_to_is_there_and_names_are_given_once() {
    let document = openapi();
    let mut ids = BTreeSet::new();
    visit(&document, &mut |name, value| match (name, value.as_str()) {
        ("$ref", Some(target)) => {
            let found = document.pointer(target.trim_start_matches('#'));
            assert!(found.is_some(), "{target} is nowhere");
        }
        ("operationId", Some(id)) => assert!(ids.insert(id.to_owned()), "{id} is given twice"),
        _ => {}
    });
    assert!(ids.contains("publish") && ids.contains("subscribe"), "{ids:?}");
}

fn visit(value: &Value, seen: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            seen(name, value);
            visit(value, seen);
        }),
        Value::Array(items) => items.iter().for_each(|item| visit(item, seen)),
        _ => {}
    }
}

/// Names of fields are said in two lists, since here they have more: what they mean.
#[test]
fn a_publish_has_the_fields_that_are_read() {
    let publish = ALL.iter().find(|route| route.path == "/c/<channel>" && route.methods.contains(&"POST"));
    let names: Vec<&str> = publish.unwrap().query.iter().map(|parameter| parameter.name).collect();
    assert_eq!(names, fanfare_proto::BARE_PARAMETERS);
}
