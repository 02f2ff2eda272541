//! What a child prints.
//!
//! In: its two streams. Out: pieces, in order for each stream. Invariant: a child that prints
//! faster than its pieces are taken waits, and no piece is longer than a limit.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read};
use std::process::Child;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Longer lines come in several pieces.
const LINE_LIMIT: u64 = 16 * 1024;

/// A line, or a part of a long one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
}

/// The beginning and the end of a stream; what lies between them is dropped.
#[derive(Clone, Debug)]
pub struct Ends {
    limit: usize,
    first: Vec<u8>,
    last: VecDeque<u8>,
}

pub(crate) type Sent = io::Result<Piece>;

impl Ends {
    /// At most `limit` bytes of each end.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            first: Vec::new(),
            last: VecDeque::new(),
        }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        let (head, tail) = bytes.split_at(bytes.len().min(self.limit - self.first.len()));
        self.first.extend_from_slice(head);
        self.last.extend(tail);
        let excess = self.last.len().saturating_sub(self.limit);
        self.last.drain(..excess);
    }

    pub fn to_text(&self) -> String {
        let bytes: Vec<u8> = self.first.iter().chain(&self.last).copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

pub(crate) fn listen(child: &mut Child) -> Receiver<Sent> {
    // Bounded, so that a child which prints faster than we take waits for us.
    let (sender, receiver) = sync_channel(256);
    if let Some(stdout) = child.stdout.take() {
        let sender = sender.clone();
        thread::spawn(move || forward(stdout, &sender, Piece::Stdout));
    }
    if let Some(stderr) = child.stderr.take() {
        thread::spawn(move || forward(stderr, &sender, Piece::Stderr));
    }
    receiver
}

fn forward(stream: impl Read, sender: &SyncSender<Sent>, piece: fn(Vec<u8>) -> Piece) {
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    loop {
        let mut line = Vec::new();
        let sent = match (&mut stream).take(LINE_LIMIT).read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(_) => Ok(piece(line)),
            Err(error) => Err(error),
        };
        let failed = sent.is_err();
        // The receiver is gone only when the run was given up.
        if sender.send(sent).is_err() || failed {
            return;
        }
    }
}
