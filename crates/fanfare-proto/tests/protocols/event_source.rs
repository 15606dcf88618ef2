//! An event source as the HTML standard describes it (section 9.2.6, "Interpreting an event stream"), word by word,
//! so that what browsers hear is what we mean.

/// What a browser hears.
#[derive(Debug, Default, PartialEq)]
pub struct Stream {
    pub events: Vec<Dispatched>,
    /// The last event ID when the stream ended.
    pub last_event_id: String,
    /// The reconnection time, milliseconds.
    pub retry: Option<u64>,
    /// The last event IDs of blocks that dispatched nothing.
    pub silent_ids: Vec<String>,
}

/// One `MessageEvent`.
#[derive(Debug, PartialEq)]
pub struct Dispatched {
    pub event: String,
    pub data: String,
    pub last_event_id: String,
}

pub fn read(bytes: &[u8]) -> Stream {
    let text = std::str::from_utf8(bytes).expect("an event stream is UTF-8");
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut stream = Stream::default();
    let (mut data, mut event, mut id) = (String::new(), String::new(), String::new());
    let lines = lines(text);
    // Once the end of the file is reached, any pending data must be discarded: the last line has no end.
    for line in &lines[..lines.len() - 1] {
        if line.is_empty() {
            dispatch(&mut stream, &mut data, &mut event, &id);
        } else if line.starts_with(':') {
            continue;
        } else {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => event = value.to_owned(),
                "data" => data.extend([value, "\n"]),
                "id" if !value.contains('\0') => id = value.to_owned(),
                "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                    stream.retry = value.parse().ok()
                }
                "id" | "retry" => {}
                other => panic!("a field that is ignored: {other:?} in {text:?}"),
            }
        }
    }
    assert!(lines.last().is_none_or(|rest| rest.is_empty()) && data.is_empty(), "cut: {text:?}");
    stream
}

/// Lines end with CR LF, LF or CR.
fn lines(text: &str) -> Vec<String> {
    text.replace("\r\n", "\n").replace('\r', "\n").split('\n').map(str::to_owned).collect()
}

fn dispatch(stream: &mut Stream, data: &mut String, event: &mut String, id: &str) {
    stream.last_event_id = id.to_owned();
    if data.is_empty() {
        event.clear();
        stream.silent_ids.push(id.to_owned());
        return;
    }
    data.pop();
    let event = std::mem::take(event);
    stream.events.push(Dispatched {
        event: if event.is_empty() { "message".to_owned() } else { event },
        data: std::mem::take(data),
        last_event_id: id.to_owned(),
    });
}
