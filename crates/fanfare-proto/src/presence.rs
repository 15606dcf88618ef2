//! Presence (design rule 19): what a session says of itself where it wants to be seen, and what watchers are told.

use crate::name::is_invisible;
use crate::{Channel, Code, Content, NameError, Pattern, Publish, Query, Refusal, Time, json, limits};

/// What the channels begin with on which the server tells who comes and goes.
pub(crate) const PREFIX: &str = "$presence/";

/// Who a session says it is, where it wants to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Whom several sessions may stand for.
    pub member: Box<str>,
    /// What others are told beside the name: the text of a JSON object, on one line.
    pub info: Option<Box<str>>,
}

impl Present {
    /// The parameters that [`Present::asked`] reads.
    pub const PARAMETERS: &'static [&'static str] = &["presence", "presence_info"];

    /// Takes a name, and an object if there is one.
    pub fn new(member: &str, info: Option<&str>) -> Result<Present, Refusal> {
        let bad = |detail: String| Err(Refusal::new(Code::BAD_FIELD, format!("presence: {detail}")));
        if member.is_empty() || member.starts_with('$') {
            return bad("a member's name is not empty and does not begin with `$`".into());
        }
        if member.len() > limits::MEMBER_BYTES {
            let most = limits::MEMBER_BYTES;
            return bad(format!("the member's name has {} bytes; at most {most} are allowed", member.len()));
        }
        if let Some(wrong) = member.chars().find(|c| is_invisible(*c)) {
            let number = u32::from(wrong);
            return bad(format!(
                "the member's name has the control or bidirectional character U+{number:04X}"
            ));
        }
        let Some(info) = info.map(str::trim) else {
            return Ok(Present { member: member.into(), info: None });
        };
        if info.len() > limits::MEMBER_INFO_BYTES {
            let most = limits::MEMBER_INFO_BYTES;
            return bad(format!("the info has {} bytes; at most {most} are allowed", info.len()));
        }
        if !info.starts_with('{') || !json::is_sound(info.as_bytes()) {
            return bad("`presence_info` is a JSON object".into());
        }
        // In valid JSON line ends are white space.
        Ok(Present { member: member.into(), info: Some(info.replace(['\r', '\n'], " ").into()) })
    }

    /// What a request asks.
    pub fn asked(query: &Query<'_>) -> Result<Option<Present>, Refusal> {
        match (query.one("presence")?, query.one("presence_info")?) {
            (Some(member), info) => Present::new(member, info).map(Some),
            (None, None) => Ok(None),
            (None, Some(_)) => {
                Err(Refusal::new(Code::BAD_FIELD, "`presence_info` is given without `presence`"))
            }
        }
    }

    /// The channels on which it wants to be seen, of those that it wants to hear: all but those of the system, of which
    /// one may be told who is present. None of them is a pattern.
    pub fn channels(patterns: &[Pattern]) -> Result<Vec<Channel>, Refusal> {
        let channel = |pattern: &Pattern| {
            let bad = |why: &str| Refusal::new(Code::BAD_FIELD, format!("presence: `{pattern}` {why}"));
            let channel = pattern.channel().ok_or_else(|| bad("is a pattern; one is present on channels"))?;
            channel.presence().map_err(|_| bad("is too long a name to be present on"))?;
            Ok::<_, Refusal>(channel)
        };
        let own = patterns.iter().filter(|pattern| !pattern.as_str().starts_with('$'));
        let channels: Vec<_> = own.map(channel).collect::<Result<_, _>>()?;
        if channels.is_empty() {
            return Err(Refusal::new(Code::BAD_FIELD, "presence: no channel is named to be present on"));
        }
        Ok(channels)
    }
}

impl Channel {
    /// The channel that tells who is present on this one; a system channel has none.
    pub fn presence(&self) -> Result<Option<Channel>, NameError> {
        if self.is_system() {
            return Ok(None);
        }
        Channel::parse(&format!("{PREFIX}{self}")).map(Some)
    }
}

impl Pattern {
    /// The channel whose presence this pattern means, if it means that of one.
    pub fn watched(&self) -> Option<Channel> {
        Channel::parse(self.as_str().strip_prefix(PREFIX)?).ok()
    }
}

/// Why a member is present no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// It said that it hears the channel no more.
    Left,
    /// Its last session said goodbye.
    Closed,
    /// The connection of its last session ended without a word.
    Lost,
    /// The server sent it away because it ends...
    Drained,
    /// ...or for another reason.
    Dismissed,
}

impl Leave {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Leave::Left => "left",
            Leave::Closed => "closed",
            Leave::Lost => "lost",
            Leave::Drained => "drained",
            Leave::Dismissed => "dismissed",
        }
    }
}

/// A member as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: Box<str>,
    /// What it says of itself.
    pub info: Option<Box<str>>,
    /// Since when it is present.
    pub since: Time,
}

/// What watchers of a channel are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A member has come.
    Join(Member),
    /// It says something else of itself.
    Info(Member),
    /// It has gone.
    Leave(Member, Leave),
    /// There are too many to name: from now on only their number is told.
    Count,
    /// Their number is certain from now on.
    Certain,
}

/// A change, on which channel, and how many are present after all that is told with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where members are present.
    pub channel: Channel,
    /// What has changed.
    pub change: Change,
    /// How many there are.
    pub count: usize,
    /// Whether that is certain: soon after a start of the server it is not.
    pub certain: bool,
}

/// The key of what is said of all members: none has this name.
const ALL_MEMBERS: &str = "$all";

impl Told {
    /// The message that says so; `None` for a channel whose presence cannot be watched.
    pub fn publish(&self) -> Option<Publish> {
        let channel = self.channel.presence().ok().flatten()?;
        let mut body = vec![b'{'];
        let (event, key) = match &self.change {
            Change::Join(member) => ("join", member_fields(member, &mut body)),
            Change::Info(member) => ("info", member_fields(member, &mut body)),
            Change::Leave(member, why) => {
                let key = member_fields(member, &mut body);
                json::string("reason", why.name(), &mut body);
                ("leave", key)
            }
            Change::Count => ("count", ALL_MEMBERS),
            Change::Certain => ("certain", ALL_MEMBERS),
        };
        count_fields(self.count, self.certain, &mut body);
        body.push(b'}');
        let content = content(event, Some(key), body);
        Some(Publish { channel, id: None, when: None, ttl: None, content })
    }
}

/// Who is present on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendance {
    /// How many members.
    pub count: usize,
    /// Whether that is certain.
    pub certain: bool,
    /// The members by name, unless there are too many to name.
    pub members: Option<Vec<Member>>,
}

impl Attendance {
    /// As a JSON object. If the members take more than so many bytes, they are not named.
    pub fn json(&self, most: usize) -> Vec<u8> {
        let mut out = vec![b'{'];
        count_fields(self.count, self.certain, &mut out);
        let without = out.len();
        json::name("members", &mut out);
        out.push(b'[');
        for member in self.members.iter().flatten() {
            json::separator(&mut out);
            out.push(b'{');
            member_fields(member, &mut out);
            out.push(b'}');
        }
        out.push(b']');
        if self.members.is_none() || out.len() > most {
            out.truncate(without);
            json::name("members", &mut out);
            out.extend_from_slice(b"null");
        }
        out.push(b'}');
        out
    }

    /// What a watcher is told first.
    pub fn snapshot(&self) -> Content {
        content("snapshot", None, self.json(limits::SNAPSHOT_BYTES))
    }
}

fn content(event: &str, key: Option<&str>, body: Vec<u8>) -> Content {
    Content {
        key: key.map(Into::into),
        event: Some(event.into()),
        content_type: Some("application/json".into()),
        body: body.into(),
        ..Content::default()
    }
}

fn member_fields<'a>(member: &'a Member, out: &mut Vec<u8>) -> &'a str {
    json::string("member", &member.name, out);
    if let Some(info) = &member.info {
        json::name("info", out);
        out.extend_from_slice(info.as_bytes());
    }
    json::quoted("since", member.since, out);
    &member.name
}

fn count_fields(count: usize, certain: bool, out: &mut Vec<u8>) {
    json::plain("count", count, out);
    json::plain("certain", certain, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn channel(name: &str) -> Channel {
        Channel::parse(name).unwrap()
    }

    #[test]
    fn a_member_is_taken_or_refused_with_the_reason() {
        let asked = |text| Present::asked(&Query::parse(text).unwrap());
        let alice = Present { member: "alice".into(), info: Some("{\"a\":  1}".into()) };
        assert_eq!(asked("presence=alice&presence_info=%7B%22a%22:%0A%0D1%7D"), Ok(Some(alice)));
        assert_eq!(asked(""), Ok(None));
        let long = format!("presence={}", "a".repeat(129));
        let much = format!("presence=a&presence_info=%7B%22a%22:%22{}%22%7D", "a".repeat(512));
        for (text, part) in [
            ("presence=", "is not empty"),
            ("presence=%24a", "does not begin with `$`"),
            (&*long, "has 129 bytes; at most 128"),
            ("presence=a%0Ab", "U+000A"),
            ("presence=a%E2%80%AEb", "U+202E"),
            ("presence_info=%7B%7D", "without `presence`"),
            ("presence=a&presence_info=1", "is a JSON object"),
            ("presence=a&presence_info=%7B", "is a JSON object"),
            (&*much, "bytes; at most 512"),
            ("presence=a&presence=b", "twice"),
        ] {
            let refused = asked(text).unwrap_err();
            assert!(refused.code == Code::BAD_FIELD && refused.detail.contains(part), "{text}: {refused}");
        }
    }

    #[test]
    fn one_is_present_on_channels_alone() {
        let channels = |names: &[&str]| {
            let patterns: Vec<_> = names.iter().map(|name| Pattern::parse(name).unwrap()).collect();
            Present::channels(&patterns).map_err(|refused| refused.detail)
        };
        assert_eq!(channels(&["a/b", "c", "$presence/c"]), Ok(vec![channel("a/b"), channel("c")]));
        assert!(channels(&["a", "b/*"]).unwrap_err().contains("`b/*` is a pattern"));
        assert!(channels(&["$presence/a"]).unwrap_err().contains("no channel is named"));
        assert!(channels(&[&"x".repeat(250)]).unwrap_err().contains("is too long"));
        assert_eq!(Pattern::parse("$presence/a/b").unwrap().watched(), Some(channel("a/b")));
        assert_eq!(Pattern::parse("$presence/*").unwrap().watched(), None);
        assert_eq!(Pattern::parse("presence/a").unwrap().watched(), None);
    }

    #[test]
    fn what_is_told_is_json_with_the_member_as_key() {
        let alice = Member { name: "al\"ice".into(), info: Some("{\"x\":1}".into()), since: Time(0) };
        let told =
            |change| Told { channel: channel("a"), change, count: 2, certain: true }.publish().unwrap();
        let leave = told(Change::Leave(alice.clone(), Leave::Lost));
        assert_eq!((leave.channel.as_str(), leave.content.key.as_deref()), ("$presence/a", Some("al\"ice")));
        assert_eq!(leave.content.event.as_deref(), Some("leave"));
        let body = |publish: Publish| serde_json::from_slice::<Value>(&publish.content.body).unwrap();
        let (since, info) = ("1970-01-01T00:00:00.000Z", json!({"x": 1}));
        let wanted = json!({
            "member": "al\"ice", "info": info, "since": since, "reason": "lost", "count": 2, "certain": true,
        });
        assert_eq!(body(leave), wanted);
        assert_eq!(body(told(Change::Count)), json!({"count": 2, "certain": true}));
        let all = Attendance { count: 1, certain: false, members: Some(vec![alice]) };
        let shown = |most| serde_json::from_slice::<Value>(&all.json(most)).unwrap();
        let members = json!([{"member": "al\"ice", "info": info, "since": since}]);
        assert_eq!(shown(1000), json!({"count": 1, "certain": false, "members": members}));
        assert_eq!(shown(50), json!({"count": 1, "certain": false, "members": null}));
    }
}
