//! Echoes every message, for the suites that judge the framer: `websocket_echo 127.0.0.1:9001`. A thread for each
//! connection; every message comes back as it was, compressed if that was agreed on.

#![allow(clippy::print_stdout, reason = "it says where it listens")]

use fanfare_proto::websocket::{
    CloseCode, Decoder, Deflater, Handshake, Inflater, Opcode, Received, close_frame, frame,
};
use fanfare_proto::{Head, Origins};
use std::error::Error;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

/// Bytes of a message: the suites send up to 16 MiB.
const MOST: usize = 32 * 1024 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("give an address, such as 127.0.0.1:9001")?;
    let listener = TcpListener::bind(address)?;
    println!("listening on ws://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || serve(stream));
    }
    Ok(())
}

fn serve(mut stream: TcpStream) -> Option<()> {
    let (handshake, bytes) = shake_hands(&mut stream)?;
    let bits = handshake.compression.map(|compression| compression.window_bits);
    let (mut decoder, mut inflater, mut deflater) =
        (Decoder::new(MOST, bits.is_some()), Inflater::default(), Deflater::default());
    let (mut buffer, mut at, mut end) = (vec![0; 64 * 1024], 0, bytes.len());
    buffer[..end].copy_from_slice(&bytes);
    loop {
        while at < end {
            let mut out = Vec::new();
            let mut over = false;
            match decoder.read(&buffer[at..end], &mut inflater) {
                Ok((taken, received)) => {
                    at += taken;
                    match received {
                        None => {}
                        Some(Received::Text(text)) => {
                            frame(Opcode::Text, text.as_bytes(), bits, &mut deflater, &mut out);
                        }
                        Some(Received::Binary(bytes)) => {
                            frame(Opcode::Binary, bytes, bits, &mut deflater, &mut out);
                        }
                        Some(Received::Ping(payload)) => {
                            frame(Opcode::Pong, payload, None, &mut deflater, &mut out);
                        }
                        Some(Received::Pong(_)) => {}
                        Some(Received::Close(said)) => {
                            close_frame(said.map_or(CloseCode::NORMAL, |(code, _)| code), "", &mut out);
                            over = true;
                        }
                    }
                }
                Err(violation) => {
                    close_frame(violation.code, violation.reason, &mut out);
                    over = true;
                }
            }
            stream.write_all(&out).ok()?;
            if over {
                stream.shutdown(Shutdown::Write).ok()?;
                // Until the peer has left: closed before, what it still sends would be answered with a reset.
                while stream.read(&mut buffer).ok()? > 0 {}
                return Some(());
            }
        }
        (at, end) = (0, stream.read(&mut buffer).ok()?);
        if end == 0 {
            return None;
        }
    }
}

/// Answers the handshake; what came after it is the start of the conversation.
fn shake_hands(stream: &mut TcpStream) -> Option<(Handshake, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        let Some((head, end)) = Head::parse(&bytes).ok()? else { continue };
        let handshake = Handshake::read(&head, &Origins::default()).ok()?;
        let mut answer = Vec::new();
        handshake.answer(&mut answer);
        stream.write_all(&answer).ok()?;
        return Some((handshake, bytes.split_off(end)));
    }
}
