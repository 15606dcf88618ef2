//! What a client is answered on a connection that goes both ways: an object with the request's `id` as `reply`, and one
//! member of the request's name, or `error`.

use crate::put::Shown;
use crate::{
    Cursor, Form, HistoryPage, Pattern, Planned, Receipt, Refusal, RequestId, SessionId, Time, json, problem,
};

/// The answer to one request.
#[derive(Debug, Clone, Copy)]
pub enum Reply<'a> {
    /// These are heard now.
    Subscribe(&'a [Pattern]),
    /// These are still heard.
    Unsubscribe(&'a [Pattern]),
    /// The message was accepted.
    Publish(&'a Receipt),
    /// The message is published later.
    Later(&'a Planned),
    /// What was said.
    History(&'a HistoryPage),
    /// So many messages are done.
    Ack(usize),
    /// So many messages are given again.
    Nack(usize),
    /// The server's time.
    Ping(Time),
    /// What is heard, and where the session is.
    Session(&'a SessionId, &'a [Pattern], &'a Cursor),
    /// It was refused, and nothing was done.
    Refused(&'a Refusal),
}

impl Reply<'_> {
    /// Appends the answer to a request of this name.
    pub fn write(&self, id: Option<&RequestId>, out: &mut Vec<u8>) {
        out.push(b'{');
        match id {
            Some(id) => json::plain("reply", Shown(id), out),
            None => json::plain("reply", "null", out),
        }
        match self {
            Reply::Subscribe(patterns) => heard("subscribe", patterns, out),
            Reply::Unsubscribe(patterns) => heard("unsubscribe", patterns, out),
            Reply::Session(id, patterns, cursor) => {
                heard("session", patterns, out);
                out.pop();
                json::quoted("cursor", cursor, out);
                json::quoted("id", Shown(id), out);
                out.push(b'}');
            }
            Reply::Publish(receipt) => {
                json::name("publish", out);
                receipt.write(out);
            }
            Reply::Later(planned) => {
                json::name("publish", out);
                planned.write_receipt(out);
            }
            Reply::History(page) => {
                json::name("history", out);
                page.write(Form::Envelope, out);
                // A page ends with its line.
                out.truncate(out.trim_ascii_end().len().saturating_sub(1));
                json::quoted("before", &page.before, out);
                json::plain("more", page.more, out);
                out.push(b'}');
            }
            Reply::Ack(messages) => json::plain("ack", *messages as u64, out),
            Reply::Nack(messages) => json::plain("nack", *messages as u64, out),
            Reply::Ping(now) => {
                json::name("ping", out);
                out.push(b'{');
                json::quoted("time", now, out);
                out.push(b'}');
            }
            Reply::Refused(refusal) => {
                json::name("error", out);
                out.push(b'{');
                problem::fields(refusal, out);
                out.push(b'}');
            }
        }
        out.push(b'}');
    }
}

fn heard(name: &str, patterns: &[Pattern], out: &mut Vec<u8>) {
    json::name(name, out);
    out.extend_from_slice(b"{\"channels\":[");
    for pattern in patterns {
        json::separator(out);
        json::text(pattern.as_str(), out);
    }
    out.extend_from_slice(b"]}");
}
