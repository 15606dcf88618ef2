//! Pages and modules for browsers, as they lie in `web/` and `clients/js/`: there is no build step.

use crate::etag::ETag;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// A file for browsers.
pub(crate) struct File {
    pub name: &'static str,
    pub bytes: &'static [u8],
}

/// Nothing of a page comes from elsewhere, and no script or style stands in it. Images may be data that was published.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; frame-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

macro_rules! files {
    ($($folder:literal: $($name:literal)*;)*) => {
        &[$($(File {
            name: $name,
            bytes: include_bytes!(concat!("../../../", $folder, "/", $name)),
        },)*)*]
    };
}

/// Every file, by folder.
pub(crate) const ALL: &[File] = files! {
    "web": "address.js" "body.js" "camera.js" "channel.css" "channel.html" "channel.js" "chart.js" "commands.js" "controls.css"
        "element.js" "figures.js" "filter.js" "gallery.css" "gallery.html" "gallery.js" "hearing.js" "icon.svg" "json.js" "keys.js" "list.js" "message.css"
        "message.js" "publish.js" "techniques.js";
    "clients/js": "fanfare.js" "held.js" "subscription.js" "transports.js" "wire.js";
};

impl File {
    /// The file of this name.
    pub(crate) fn named(name: &str) -> Option<&'static File> {
        ALL.iter().find(|file| file.name == name)
    }

    fn media_type(&self) -> &'static str {
        match self.name.rsplit_once('.') {
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "html")) => "text/html; charset=utf-8",
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            _ => "application/octet-stream",
        }
    }

    /// The file, unless the caller has it already.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Response {
        let tag = ETag::weak(&self.bytes);
        if tag.is_known(headers) {
            return tag.unchanged();
        }
        let mut response = Response::new(Body::from(self.bytes));
        tag.mark(&mut response);
        let fixed = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.media_type())),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        ];
        response.headers_mut().extend(fixed);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_file_of_the_folders_is_served() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let found = ["web", "clients/js"].iter().flat_map(|folder| {
            let names = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
            names.map(|name| name.into_string().unwrap())
        });
        let served = |name: &String| ["css", "html", "js", "svg"].contains(&name.rsplit('.').next().unwrap());
        let found: BTreeSet<String> = found.filter(served).collect();
        let listed: BTreeSet<String> = ALL.iter().map(|file| file.name.to_owned()).collect();
        assert_eq!(listed, found);
        assert_eq!(ALL.len(), found.len(), "two files of one name");
    }

    #[test]
    fn pages_ask_for_nothing_from_elsewhere_and_have_no_script_or_style_of_their_own() {
        for file in ALL {
            let text = std::str::from_utf8(file.bytes).unwrap();
            let outside = text.match_indices("http").map(|(at, _)| &text[at..(at + 20).min(text.len())]);
            let outside: Vec<&str> = outside.filter(|url| url.contains("://")).collect();
            let allowed =
                |url: &&str| url.starts_with("http://www.w3.org") || url.starts_with("http://localhost");
            assert!(outside.iter().all(allowed), "{}: {outside:?}", file.name);
            for inline in ["<script>", "<style", " style=\"", "javascript:", " onclick=", " onload="] {
                assert!(!text.contains(inline), "{}: {inline}", file.name);
            }
        }
    }
}
