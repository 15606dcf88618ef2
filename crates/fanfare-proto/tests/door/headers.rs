//! What headers say of a message that is published bare.

use super::{bare, one};
use fanfare_proto::{Code, TagValue};

#[test]
fn what_clients_send_unasked_is_not_a_field() {
    let form = ("content-type", "application/x-www-form-urlencoded");
    for headers in [
        [form, ("priority", "u=1, i")],
        [("content-type", ""), ("priority", "u=0")],
        [("accept", "*/*"), ("priority", "i")],
        [("host", "x"), ("user-agent", "curl")],
    ] {
        let publish = bare("", &headers, "a=b").unwrap();
        assert_eq!(
            publish.content,
            fanfare_proto::Content { body: "a=b".into(), ..Default::default() },
            "{headers:?}"
        );
    }
    assert_eq!(bare("", &[("idempotency-key", "\"8e03\"")], "").unwrap().id.as_deref(), Some("8e03"));
    assert!(bare("priority=u%3D1", &[], "").is_err(), "a query says what it says");
}

#[test]
fn what_clients_of_ntfy_send_makes_the_notice() {
    let notice = |headers: &[(&str, &str)]| {
        let content = bare("", headers, "x").unwrap().content;
        content.notice.map(|notice| serde_json::from_str::<serde_json::Value>(&notice).unwrap())
    };
    let all = [
        ("title", "Backup \"nightly\" caf\u{e9}"),
        ("click", "https://a.example"),
        ("icon", "/i.png"),
        ("attach", "https://a.example/log"),
        ("actions", "view, Open, https://a.example"),
    ];
    let members = serde_json::Map::from_iter(all.map(|(name, text)| (name.to_owned(), text.into())));
    let members = serde_json::Value::Object(members);
    assert_eq!(notice(&all), Some(members.clone()));
    let names: Vec<String> = all.iter().map(|(name, _)| format!("x-{name}")).collect();
    let marked: Vec<(&str, &str)> = names.iter().zip(all).map(|(name, (_, text))| (&**name, text)).collect();
    assert_eq!(notice(&marked), Some(members));
    assert_eq!(notice(&[("title", "")]), None);
    let given = [("notice", r#"{"text":"t"}"#), ("title", "beaten")];
    assert_eq!(notice(&given), Some(serde_json::json!({"text": "t"})));

    let content = bare("", &[("x-priority", "4"), ("x-tags", "skull")], "x").unwrap().content;
    assert_eq!((content.priority, content.tags.get("skull")), (Some(4), Some(&TagValue::Bool(true))));
    let browser = [("priority", "u=1, i"), ("x-priority", "4")];
    assert_eq!(bare("", &browser, "x").unwrap().content.priority, Some(4));
}

#[test]
fn a_header_that_is_there_twice_is_named() {
    for (name, one, other) in [
        ("key", "a", "b"),
        ("key", "a", "a"),
        ("tags", "a=1", "b=2"),
        ("idempotency-key", "1", "2"),
        ("content-type", "text/plain", "text/html"),
        ("priority", "4", "5"),
        ("x-tags", "a", "b"),
        ("title", "a", "b"),
        ("replaces", "1", "2"),
    ] {
        let refusal = bare("", &[(name, one), (name, other)], "x").expect_err(name);
        assert_eq!(refusal.code, Code::BAD_FIELD);
        assert_eq!(refusal.detail, format!("{name}: the header is there more than once; send one"));
    }
    let browser = [("priority", "u=1, i"), ("priority", "4")];
    assert_eq!(bare("", &browser, "x").unwrap().content.priority, Some(4));
    let others = [("accept", "a"), ("accept", "b"), ("key", "beaten"), ("key", "too")];
    assert_eq!(bare("key=k", &others, "x").unwrap().content.key.as_deref(), Some("k"));
}

#[test]
fn an_edit_empties_a_message_only_if_it_says_so() {
    let form = ("content-type", "application/x-www-form-urlencoded");
    for refused in [
        bare("", &[("replaces", "5")], ""),
        bare("replaces=5&tags=a", &[form], ""),
        one(r#"{"channel":"a","replaces":5,"tags":{"a":1}}"#),
        one(r#"{"channel":"a","replaces":5,"tags":{"a":1},"body":null}"#),
    ] {
        let refusal = refused.unwrap_err();
        assert_eq!(refusal.code, Code::BAD_FIELD);
        assert!(refusal.detail.starts_with("replaces: the edit has no body"), "{refusal}");
    }
    for edit in [
        bare("replaces=5", &[("content-type", "text/plain")], ""),
        bare("replaces=5&content_type=text/plain", &[], ""),
        one(r#"{"channel":"a","replaces":5,"body":""}"#),
        one(r#"{"channel":"a","replaces":5,"body_base64":""}"#),
        one(r#"{"channel":"a","replaces":5,"tags":{},"content_type":"text/plain"}"#),
    ] {
        assert_eq!(edit.unwrap().content.body.len(), 0);
    }
}
