//! nchan: the nginx module for pub/sub (Debian: libnginx-mod-nchan).

use super::{Kind, Server, Way, folder, free_address, get, post};
use crate::cores::Core;
use crate::ears::Ear;
use crate::ears::field;
use crate::outcome::Result;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

pub const KIND: Kind = Kind {
    name: "nchan",
    about: "the nginx module, one worker",
    version: &["sh", "-c", "test -e /usr/lib/nginx/modules/ngx_nchan_module.so && nginx -v"],
    ways: &[Way::Ws, Way::Sse, Way::Poll],
    start: |_, core| start(core),
    hello: |way, address, _| get("/sub/all", way, address),
    again: None,
    ear: |way| match way {
        Way::Ws => Ear::websocket(),
        Way::Sse => Ear::event_stream(),
        Way::Ndjson | Way::Poll | Way::Own => Ear::long_poll(again),
    },
    preamble: b"",
    publication: |address, body, _| post("/pub/all", address, body),
    receipt: Some(b"HTTP/1.1 20"),
    messages: 1,
};

const MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

fn start(core: Core) -> Result<Server> {
    if !Path::new(MODULE).is_file() {
        return Err("nchan is not installed; try: apt-get install nginx-core libnginx-mod-nchan".into());
    }
    let (folder, address) = (folder()?, free_address()?);
    let file = folder.path().join("nginx.conf");
    fs::write(&file, config(address, folder.path()))?;
    let mut command = Command::new("nginx");
    command.arg("-c").arg(&file).arg("-e").arg(folder.path().join("error.log"));
    Server::at(address, command, core, folder)
}

fn config(address: SocketAddr, folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "load_module {MODULE};
        daemon off;
        user root;
        worker_processes 1;
        worker_rlimit_nofile 20000;
        pid {folder}/pid;
        error_log {folder}/error.log crit;
        events {{ worker_connections 19900; use epoll; multi_accept on; }}
        http {{
            access_log off;
            tcp_nodelay on;
            keepalive_requests 100000000;
            keepalive_timeout 1h;
            client_body_temp_path {folder}/body;
            proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi;
            uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            nchan_shared_memory_size 512M;
            nchan_message_buffer_length 1000;
            nchan_message_timeout 60s;
            server {{
                listen {address} backlog=4096;
                location ~ /pub/(.+)$ {{ nchan_publisher; nchan_channel_id $1; }}
                location ~ /sub/(.+)$ {{ nchan_subscriber; nchan_channel_id $1; nchan_subscriber_first_message newest; }}
            }}
        }}\n"
    )
}

/// Goes on at the message of the answer.
fn again(head: &str, _: &[u8]) -> Result<Vec<u8>> {
    let time = field(head, "last-modified").ok_or("an answer has no Last-Modified")?;
    let tag = field(head, "etag").ok_or("an answer has no ETag")?;
    let lines = format!("If-Modified-Since: {time}\r\nIf-None-Match: {tag}");
    Ok(format!("GET /sub/all HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n").into_bytes())
}
