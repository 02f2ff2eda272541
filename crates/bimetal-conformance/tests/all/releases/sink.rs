//! An OTLP/HTTP endpoint that keeps what is sent to it.
//!
//! In: requests, one after the other. Out: their bodies. Invariant: a request is answered once its
//! body is kept, so that a Collector without queues has delivered when it answers its own sender.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// For a batch that stays in the Collector.
const PATIENCE: Duration = Duration::from_mins(1);
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n\
    content-length: 0\r\nconnection: close\r\n\r\n";

pub(super) struct Sink {
    pub(super) address: SocketAddr,
    bodies: Receiver<Vec<u8>>,
}

impl Sink {
    pub(super) fn listen() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, bodies) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if keep(stream.unwrap(), &sender).is_none() {
                    break;
                }
            }
        });
        Self { address, bodies }
    }

    /// The next body.
    pub(super) fn next(&self) -> Vec<u8> {
        self.bodies.recv_timeout(PATIENCE).unwrap()
    }
}

/// `None` when the test has ended.
fn keep(stream: TcpStream, sender: &Sender<Vec<u8>>) -> Option<()> {
    let mut request = BufReader::new(stream);
    let mut length = 0;
    for line in request.by_ref().lines() {
        let line = line.unwrap().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    request.read_exact(&mut body).unwrap();
    sender.send(body).ok()?;
    request.get_mut().write_all(ANSWER).unwrap();
    Some(())
}
