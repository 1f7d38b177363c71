//! What a realm keeps beside the engine's state. It is a function of the realm's records, and a checkpoint holds it.

use super::codec::{Malformed, Reader, Writer};
use super::mail::Mail;
use super::turn::Answer;
use std::collections::{HashMap, VecDeque};

/// Answers to inputs with an id are remembered for so many such inputs.
const REMEMBERED: usize = 10_000;

/// And for no more than have answers of so many bytes together.
const REMEMBERED_BYTES: usize = 64 << 20;

/// See the head of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Kept {
    /// Turns so far, the first included.
    pub(super) count: u64,
    pub(super) answers: Remembered,
    /// What the realm owes.
    pub(super) mail: Mail,
}

impl Kept {
    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.number(self.count);
        self.answers.encode(writer);
        self.mail.encode(writer);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Kept, Malformed> {
        Ok(Kept { count: reader.number()?, answers: Remembered::decode(reader)?, mail: Mail::decode(reader)? })
    }

    /// Counts a turn.
    pub(super) fn add(&mut self, id: &[u8], answer: &Answer) {
        self.count += 1;
        self.answers.add(id, answer);
    }
}

/// Answers by the ids of their inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Remembered {
    by_id: HashMap<Vec<u8>, Answer>,
    order: VecDeque<Vec<u8>>,
    /// Of all answers together.
    bytes: usize,
}

impl Remembered {
    pub(super) fn get(&self, id: &[u8]) -> Option<&Answer> {
        self.by_id.get(id)
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    fn add(&mut self, id: &[u8], answer: &Answer) {
        if id.is_empty() {
            return;
        }
        self.bytes += answer.bytes().len();
        self.by_id.insert(id.to_vec(), answer.clone());
        self.order.push_back(id.to_vec());
        while self.order.len() > REMEMBERED || (self.bytes > REMEMBERED_BYTES && self.order.len() > 1) {
            let Some(answer) = self.order.pop_front().and_then(|oldest| self.by_id.remove(&oldest)) else { break };
            self.bytes -= answer.bytes().len();
        }
    }

    fn encode(&self, writer: &mut Writer) {
        let answers = self.order.iter().filter_map(|id| Some((id, self.by_id.get(id)?)));
        writer.number(self.order.len() as u64);
        for (id, answer) in answers {
            writer.bytes(id);
            answer.encode(writer);
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Remembered, Malformed> {
        let mut answers = Remembered::default();
        for _ in 0..reader.number()? {
            let id = reader.bytes()?.to_vec();
            answers.add(&id, &Answer::decode(reader)?);
        }
        Ok(answers)
    }
}
