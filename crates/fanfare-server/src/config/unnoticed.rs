//! What is allowed, has no effect, and would not be noticed.

use super::reading::Reading;
use fanfare_proto::{Keeping, Namespace, Pattern, limits};

impl Reading {
    /// One line for each thing that has no effect.
    pub fn unnoticed(&self) -> Vec<String> {
        let parts = [
            self.beaten(),
            self.covered(),
            self.of_the_server(),
            self.too_large(),
            self.idle(),
            self.left_alone(),
        ];
        parts.into_iter().flatten().collect()
    }

    /// Values that another place beats.
    fn beaten(&self) -> Vec<String> {
        let beaten = self.written.iter().filter_map(|written| {
            let last = self.written_last(written.key).filter(|last| last.place != written.place)?;
            Some(format!("{}: this `{}` is beaten by that of {}", written.place, written.key, last.place))
        });
        beaten.collect()
    }

    /// Rules whose channels all have an earlier one.
    fn covered(&self) -> Vec<String> {
        let rules = self.rules();
        let configured = &rules[..self.config.namespaces.len().min(rules.len())];
        let covered = configured.iter().enumerate().filter_map(|(index, (rule, place))| {
            let earlier = rules[..index].iter().find(|(earlier, _)| earlier.pattern.covers(&rule.pattern));
            let (earlier, first) = earlier?;
            let (pattern, earlier) = (&rule.pattern, &earlier.pattern);
            Some(format!(
                "{place}: the namespace `{pattern}` has no channels: `{earlier}` comes first ({first})"
            ))
        });
        covered.collect()
    }

    /// Rules of names that are the server's own: of those, dead letters alone are kept like others.
    fn of_the_server(&self) -> Vec<String> {
        let rules = self.rules();
        let own = rules.iter().filter(|(rule, _)| rule.pattern.as_str().starts_with('$'));
        let say = |(rule, place): &(Namespace, String)| {
            let pattern = &rule.pattern;
            if pattern.as_str().starts_with("$presence") {
                Some(format!(
                    "{place}: `keeping`, `latest` and `compact` of the namespace `{pattern}` are of no channel: presence is the \
                     server's own, live, and told as it is now"
                ))
            } else if !pattern.overlaps(&Pattern::dead()) {
                Some(format!(
                    "{place}: the namespace `{pattern}` has no channels: of names that begin with `$` there are \
                     `$dead/...` and `$presence/...`"
                ))
            } else {
                None
            }
        };
        own.filter_map(say).collect()
    }

    /// Namespaces that were told to keep more than the store may.
    fn too_large(&self) -> Vec<String> {
        let most = self.config.store_bytes;
        // The default is as large as a store of the default; who makes the store smaller means it.
        let chosen = |bytes| bytes > most && bytes != limits::KEPT_BYTES;
        let rules = self.rules();
        let configured = rules.iter().take(self.config.namespaces.len());
        let large =
            configured.filter(|(rule, _)| rule.keeping == Keeping::Kept && chosen(rule.retention.bytes));
        let say = |(rule, place): &(Namespace, String)| {
            let pattern = &rule.pattern;
            format!(
                "{place}: the namespace `{pattern}` has more `bytes` than `store_bytes` lets the whole store keep"
            )
        };
        large.map(say).collect()
    }

    /// Options that nothing asks for.
    fn idle(&self) -> Vec<String> {
        let mut idle = Vec::new();
        let config = &self.config;
        if config.insecure_open && config.listen.ip().to_canonical().is_loopback() {
            let place = self.place("insecure_open");
            idle.push(format!(
                "{place}: `insecure_open` does nothing: nobody else can reach {}",
                config.listen
            ));
        }
        if config.origins.len() > 1 && config.origins.iter().any(|origin| origin == "*") {
            let place = self.place("origins");
            idle.push(format!("{place}: beside `*`, which is every origin, `origins` needs no others"));
        }
        idle
    }

    /// Variables that look a little like ours.
    fn left_alone(&self) -> Vec<String> {
        let say =
            |name: &String| format!("environment variable {name}: no option has this name; it is left alone");
        self.strangers.iter().map(say).collect()
    }
}
