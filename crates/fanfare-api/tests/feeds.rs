//! Channels as feeds, read by parsers that nobody here wrote.

#![allow(clippy::unwrap_used)]

mod door;

use door::{Answer, Door};
use feed_rs::model::{Entry, Feed};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

const FEEDS: [(&str, &str); 3] =
    [("atom", "application/atom+xml"), ("rss", "application/rss+xml"), ("jsonfeed", "application/feed+json")];
const HTML: &str = "<p>Bold & <b>new</b></p>";
const HOSTILE: &str = "]]></item><script> & \"quotes\" 'too' \u{0}\u{b}\u{fffe}\u{1f3ba}\r\nsecond line";

/// Its name, its attributes, and the text in it.
type Element = (String, Vec<(String, String)>, String);

/// Every element of a document. What is not well-formed stops the test.
fn elements(answer: &Answer) -> Vec<Element> {
    let text = std::str::from_utf8(&answer.body).unwrap();
    let mut reader = Reader::from_str(text);
    let (mut found, mut open): (Vec<Element>, Vec<usize>) = Default::default();
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error}: {text}"));
        let empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(start) | Event::Empty(start) => {
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let name = attribute.key.as_ref().to_owned();
                    let value = attribute.value.to_string();
                    (name, quick_xml::escape::unescape(&value).unwrap().into_owned())
                });
                let name = start.name().as_ref().to_owned();
                found.push((name, attributes.collect(), String::new()));
                if !empty {
                    open.push(found.len() - 1);
                }
            }
            Event::End(_) => assert!(open.pop().is_some()),
            Event::Text(said) => {
                if let Some(inner) = open.last() {
                    found[*inner].2.push_str(&said);
                }
            }
            Event::GeneralRef(name) => {
                let text = format!("&{};", &*name);
                found[*open.last().unwrap()].2.push_str(&quick_xml::escape::unescape(&text).unwrap());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{text}");
    found
}

async fn filled() -> (Door, Vec<Value>) {
    let door = Door::open();
    let post = |headers: &'static [(&str, &str)], body: &'static str| {
        let door = &door;
        async move {
            let answer = door.ask("POST /c/news/a%20b", headers, body).await;
            assert_eq!(answer.status, 201, "{answer:?}");
            answer.json()
        }
    };
    let said = vec![
        post(&[("content-type", "text/plain")], "Plain\nwith a second line").await,
        post(&[("content-type", "text/html"), ("event", "edition")], HTML).await,
        post(&[("content-type", "image/png"), ("notice", r#"{"title":"A view","text":"the sea"}"#)], "png")
            .await,
        post(&[("content-type", "application/json"), ("key", "k")], r#"{"a":1}"#).await,
        post(&[], HOSTILE).await,
    ];
    (door, said)
}

async fn read(door: &Door, via: &str) -> Feed {
    let answer =
        door.ask(&format!("GET /c/news/a%20b?via={via}"), &[("host", "push.example:8080")], "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    feed_rs::parser::parse(&answer.body[..]).unwrap_or_else(|error| panic!("{via} {error}: {answer:?}"))
}

fn title(entry: &Entry) -> &str {
    &entry.title.as_ref().unwrap().content
}

#[tokio::test]
async fn readers_of_feeds_find_what_was_said_the_newest_first() {
    let (door, said) = filled().await;
    for (via, media_type) in FEEDS {
        let feed = read(&door, via).await;
        assert_eq!(feed.title.as_ref().unwrap().content, "news/a b", "{via}");
        let titles: Vec<&str> = feed.entries.iter().map(title).collect();
        assert_eq!(titles[1..], [r#"{"a":1}"#, "A view", "edition", "Plain"], "{via}");
        assert!(titles[0].starts_with("]]></item><script> & \"quotes\" 'too'"), "{via} {titles:?}");
        for (entry, said) in feed.entries.iter().rev().zip(&said) {
            let links: Vec<&str> = entry.links.iter().map(|link| &*link.href).collect();
            let here = format!("http://push.example:8080/c/news/a%20b/$at/{}", said["position"]);
            assert!(links.contains(&&*here), "{via} {links:?}");
            assert_eq!(entry.published.unwrap().timestamp_millis() / 1000, seconds(said), "{via}");
            assert!(entry.id.starts_with("urn:uuid:"), "{via} {}", entry.id);
        }
        let own = format!("http://push.example:8080/c/news/a%20b?via={via}");
        assert!(
            via == "jsonfeed" || feed.links.iter().any(|link| link.href == own),
            "{via} {:?}",
            feed.links
        );
        let by_accept = door.ask("GET /c/news/a%20b", &[("accept", media_type)], "").await;
        assert!(by_accept.header("content-type").starts_with(media_type), "{by_accept:?}");
        assert_eq!(by_accept.header("vary"), "Accept");
    }
}

fn seconds(receipt: &Value) -> i64 {
    (fanfare_proto::Time::parse(receipt["time"].as_str().unwrap()).unwrap().0 / 1000) as i64
}

#[tokio::test]
async fn an_entry_has_the_same_name_in_every_feed_and_no_other_entry_has_it() {
    let (door, _) = filled().await;
    let ids = |feed: Feed| feed.entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>();
    let (atom, rss) = (ids(read(&door, "atom").await), ids(read(&door, "rss").await));
    assert_eq!((&atom, ids(read(&door, "feed").await)), (&rss, rss.clone()));
    let mut unique = atom.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 5);
}

#[tokio::test]
async fn what_is_not_text_is_enclosed() {
    let (door, _) = filled().await;
    for (via, _) in FEEDS {
        let feed = read(&door, via).await;
        let image = feed.entries.iter().find(|entry| title(entry) == "A view").unwrap();
        let media = image
            .media
            .iter()
            .flat_map(|media| &media.content)
            .find_map(|content| content.content_type.clone());
        let link = image.links.iter().find_map(|link| link.media_type.clone());
        assert_eq!(
            media.map(|media| media.to_string()).or(link).as_deref(),
            Some("image/png"),
            "{via} {image:?}"
        );
        let urls =
            image.media.iter().flat_map(|media| &media.content).filter_map(|content| content.url.as_ref());
        let urls: Vec<String> =
            urls.map(ToString::to_string).chain(image.links.iter().map(|link| link.href.clone())).collect();
        let file =
            urls.iter().find(|url| url.ends_with("?as=body")).unwrap_or_else(|| panic!("{via} {urls:?}"));
        let answer = door.get(file.strip_prefix("http://push.example:8080").unwrap()).await;
        assert_eq!((answer.header("content-type"), &*answer.body), ("image/png", &b"png"[..]));
        assert_eq!(answer.header("content-security-policy"), "sandbox");
    }
}

#[tokio::test]
async fn channels_of_1997_have_their_schedule_and_their_items() {
    let (door, said) = filled().await;
    let ie = elements(&door.ask("GET /c/news/a%20b?via=cdf", &[("host", "h")], "").await);
    let (name, attributes, _) = &ie[0];
    assert_eq!(name, "CHANNEL");
    assert!(attributes.contains(&("HREF".into(), "http://h/c/news/a%20b".into())), "{attributes:?}");
    assert!(attributes.contains(&("SELF".into(), "http://h/c/news/a%20b?via=cdf".into())), "{attributes:?}");
    let interval = &ie.iter().find(|(name, ..)| name == "INTERVALTIME").unwrap().1;
    assert_eq!(
        interval[..],
        [("MIN".to_owned(), "1".to_owned())],
        "messages of one second are looked at each minute"
    );
    let titles: Vec<&str> =
        ie.iter().filter(|(name, ..)| name == "TITLE").map(|(.., text)| &**text).collect();
    assert_eq!((titles.len(), titles[0], titles[5]), (1 + said.len(), "news/a b", "Plain"));
    let note = elements(&door.get("/c/news/a%20b?via=cdf-note").await);
    assert_eq!(note[0].0, "Channel");
    let value = |of: &str| {
        let values = note.iter().filter(|(name, ..)| name == of).map(|(_, attributes, _)| &attributes[0]);
        values
            .map(|(name, value)| {
                assert_eq!(name, "VALUE");
                value.clone()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!((value("Title").len(), &*value("Title")[5]), (1 + said.len(), "Plain"));
    let modified = &value("LastMod")[0];
    assert!(modified.len() == "1997.03.09T08:15+0000".len() && modified.ends_with("+0000"), "{modified}");
}

#[tokio::test]
async fn whatever_was_said_a_feed_is_well_formed() {
    let (door, _) = filled().await;
    for via in ["atom", "rss", "cdf", "cdf-note"] {
        let found = elements(&door.get(&format!("/c/news/a%20b?via={via}")).await);
        assert!(!found.iter().any(|(name, ..)| name == "script"), "{via}");
        let told = found.iter().any(|(_, attributes, text)| {
            let mut texts = attributes.iter().map(|(_, value)| value).chain([text]);
            texts.any(|text| {
                text.contains("]]></item><script> & \"quotes\" 'too' \u{fffd}\u{fffd}\u{fffd}\u{1f3ba}")
            })
        });
        // What is HTML is escaped twice.
        let twice = found
            .iter()
            .any(|(.., text)| text.contains("]]&gt;&lt;/item&gt;&lt;script&gt; &amp; &quot;quotes"));
        assert!(if via == "rss" { twice } else { told }, "{via} {found:?}");
    }
}

#[tokio::test]
async fn a_feed_that_is_known_is_not_sent_again() {
    let (door, _) = filled().await;
    for (via, _) in FEEDS {
        let target = format!("GET /c/news/a%20b?via={via}");
        let first = door.ask(&target, &[], "").await;
        let tag = first.header("etag").to_owned();
        let again = door.ask(&target, &[("if-none-match", &tag)], "").await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{via}");
        assert!(first.header("last-modified").ends_with(" GMT"));
        assert_eq!((first.header("x-poll-interval"), again.header("x-poll-interval")), ("60", "60"));
        let head = door.ask(&target.replace("GET", "HEAD"), &[], "").await;
        assert_eq!((head.status.as_u16(), head.header("etag"), head.body.len()), (200, &*tag, 0));
    }
    door.say("news/a%20b", "more").await;
    let table = [("atom", 6), ("rss", 6), ("jsonfeed", 6)];
    for (via, entries) in table {
        assert_eq!(read(&door, via).await.entries.len(), entries);
    }
}

#[tokio::test]
async fn an_entry_is_what_its_message_is_now() {
    let (door, said) = filled().await;
    let position = said[0]["position"].to_string();
    assert_eq!(door.ask("POST /c/news/a%20b", &[("replaces", &position)], "Edited").await.status, 201);
    let position = said[1]["position"].to_string();
    assert_eq!(door.ask("POST /c/news/a%20b", &[("deletes", &position)], "").await.status, 201);
    let feed = read(&door, "atom").await;
    let titles: Vec<&str> = feed.entries.iter().map(title).collect();
    assert_eq!((titles.len(), titles[3]), (4, "Edited"), "{titles:?}");
}

#[tokio::test]
async fn the_end_of_a_key_is_no_entry() {
    let (door, _) = filled().await;
    assert!(door.ask("DELETE /c/news/a%20b/$latest?key=k", &[], "").await.status.is_success());
    for (via, _) in FEEDS {
        let feed = read(&door, via).await;
        assert!(!feed.entries.iter().any(|entry| title(entry) == "$deleted"), "{via}");
    }
}

#[tokio::test]
async fn what_lies_around_a_feed_is_a_feed() {
    let (door, _) = filled().await;
    let answer = door.get("/c/news/a%20b?via=atom&limit=2").await;
    assert!(answer.header("link").contains("via=atom"), "{answer:?}");
}

#[tokio::test]
async fn an_empty_channel_is_an_empty_feed() {
    let door = Door::open();
    for (via, _) in FEEDS {
        let answer = door.get(&format!("/c/nobody?via={via}")).await;
        assert!(feed_rs::parser::parse(&answer.body[..]).unwrap().entries.is_empty(), "{answer:?}");
        assert_eq!(answer.header("x-poll-interval"), "3600");
    }
    assert_eq!(elements(&door.get("/c/nobody?via=cdf").await)[0].0, "CHANNEL");
}
