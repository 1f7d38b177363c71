//! Datagrams that come to a durable realm from anybody: it takes them or refuses them, and what it took it has after a restart.
#![no_main]

use arbitrary::Arbitrary;
use hmac::{Hmac, Mac};
use jsep_fuzz::realm::{Opening, Realm};
use jsep_fuzz::{Bytes, INVALID_ARGUMENT, Library, TURN_FAILED};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use std::cell::{Cell, RefCell};
use std::sync::Once;

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    /// Any bytes.
    Raw(&'a [u8]),
    /// With the right digest, and anything in it.
    Sealed(&'a [u8]),
    /// As a realm would write it, but for its fields.
    Datagram {
        receiver: u8,
        identity: u8,
        sender: u8,
        sender_identity: u8,
        acknowledged: u16,
        first: u16,
        messages: Vec<Message<'a>>,
    },
    /// The realm's own answer or message, which somebody sends back to it.
    Reflected,
    Send(u8),
    Wait(u16),
    Restart,
}

#[derive(Arbitrary, Debug)]
enum Message<'a> {
    Raw(&'a [u8]),
    /// After the head of a value.
    Value(&'a [u8]),
    Text(&'a [u8]),
    Number(i32),
}

impl Message<'_> {
    fn bytes(&self) -> Vec<u8> {
        const HEAD: [u8; 2] = [0xff, 16];
        match self {
            Message::Raw(bytes) => bytes.to_vec(),
            Message::Value(bytes) => [&HEAD[..], bytes].concat(),
            // One byte a character.
            Message::Text(text) => {
                let text = &text[..text.len().min(127)];
                [&HEAD[..], b"\"", &[text.len() as u8], text].concat()
            }
            Message::Number(number) => {
                let mut bytes = [&HEAD[..], b"I"].concat();
                let mut rest = ((number << 1) ^ (number >> 31)) as u32;
                while rest >= 0x80 {
                    bytes.push(rest as u8 | 0x80);
                    rest >>= 7;
                }
                bytes.push(rest as u8);
                bytes
            }
        }
    }
}

/// Numbers and strings that a script gets are sent back, whatever they are; few make it throw, because a turn that throws has
/// the realm made anew.
const SCRIPT: &str = r#"
const got = [];
function receive(sender, value) {
  got.push(sender);
  if (typeof value === "number" && value % 64 === 0) throw new Error("no " + value);
  try { send(sender, value); } catch (error) { got.push(String(error)); }
  try { got.push(String(value)); } catch (error) { got.push(error.name); }
}
"#;

const NAME: &str = "realm";
const NAMES: [&str; 6] = [
    NAME,
    "a",
    "b",
    "",
    "\u{e4}",
    "a name of more than the hundred and more bytes that a name may have, if there is such a limit, as there should be somewhere here, or is there",
];
const KEY: &str = "key";
const OPENING: Opening = Opening { name: NAME, script: SCRIPT, options: &[("peer_key", KEY)] };
const MAGIC: &[u8] = b"JSEM\x01";

/// A datagram with its digest.
fn sealed(content: &[u8]) -> Vec<u8> {
    let mut digest = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("a key of any length");
    digest.update(&(content.len() as u64).to_le_bytes());
    digest.update(content);
    [content, &digest.finalize().into_bytes()].concat()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_le_bytes()[..], bytes].concat()
}

/// The realm's own identity, as it tells others.
fn identity(datagram: &[u8]) -> [u8; 16] {
    let receiver = u32::from_le_bytes(datagram[MAGIC.len()..][..4].try_into().expect("4 bytes")) as usize;
    let sender = MAGIC.len() + 4 + receiver + 16;
    datagram[sender + 4 + NAME.len()..][..16].try_into().expect("16 bytes")
}

/// A realm that began with a message of its own.
struct Living {
    realm: Realm,
    sent: Vec<Vec<u8>>,
    own: [u8; 16],
    /// It is restarted once by an input, however many ask for it, and once at its end.
    restarted: bool,
}

impl Living {
    fn new() -> Living {
        let realm = Realm::begin(&OPENING, 1e12);
        realm.evaluate("send('a', 1)").expect("it can send");
        let sent = realm.outgoing();
        let own = identity(&sent[0]);
        Living { realm, sent, own, restarted: false }
    }
}

/// What the script has got, after a restart as before.
fn verify_restart(realm: &mut Realm) {
    let before = realm.evaluate("got.join()");
    realm.restart();
    assert_eq!(realm.evaluate("got.join()"), before);
}

/// To begin a realm, and to restart it, takes nearly all of an execution, so one takes this many inputs; what comes late meets
/// more state than one input could make.
const INPUTS: usize = 16;

thread_local! {
    static LIVING: Cell<Option<Living>> = const { Cell::new(None) };
    /// The inputs of the living realm. A failure that is no panic does not tell them: the same seed leads to it again.
    static INPUTS_TAKEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A failure may need more inputs than the last, which is all that libFuzzer stores.
fn tell_inputs_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let next = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            INPUTS_TAKEN.with_borrow(|inputs| inputs.iter().for_each(|input| eprintln!("the realm took: {input}")));
            next(panic);
        }));
    });
}

fuzz_target!(|steps: Vec<Step>| {
    tell_inputs_on_panic();
    let Living { mut realm, mut sent, own, mut restarted } = LIVING.take().unwrap_or_else(|| {
        INPUTS_TAKEN.with_borrow_mut(Vec::clear);
        Living::new()
    });
    let taken = INPUTS_TAKEN.with_borrow_mut(|inputs| {
        inputs.push(format!("{steps:?}"));
        inputs.len()
    });
    let kept = realm.kept_bytes();
    let mut touched = false;
    for step in steps.iter().take(16) {
        let datagram = match step {
            Step::Raw(bytes) => bytes.to_vec(),
            Step::Sealed(bytes) => sealed(bytes),
            Step::Datagram { receiver, identity, sender, sender_identity, acknowledged, first, messages } => {
                let name = |number: &u8| string(NAMES[usize::from(*number) % NAMES.len()].as_bytes());
                let identity = match identity % 3 {
                    0 => own,
                    1 => [0; 16],
                    _ => [*identity; 16],
                };
                let numbers = [*acknowledged, *first].map(|number| u64::from(number).to_le_bytes()).concat();
                let receiver = if *receiver < 200 { string(NAME.as_bytes()) } else { name(receiver) };
                let mut content =
                    [MAGIC, &receiver, &identity, &name(sender), &[*sender_identity; 16], &numbers].concat();
                messages.iter().take(8).for_each(|message| content.extend(string(&message.bytes())));
                sealed(&content)
            }
            Step::Reflected => match sent.pop() {
                Some(datagram) => datagram,
                None => continue,
            },
            Step::Send(number) => {
                let name = NAMES[usize::from(*number) % NAMES.len()];
                let _ = realm
                    .evaluate(&format!("try {{ send({}, [{number}]) }} catch {{}}", serde_json::Value::from(name)));
                sent.extend(realm.outgoing());
                touched = true;
                continue;
            }
            Step::Wait(milliseconds) => {
                realm.wait(f64::from(*milliseconds));
                sent.extend(realm.outgoing());
                touched = true;
                continue;
            }
            Step::Restart => {
                if !std::mem::replace(&mut restarted, true) {
                    verify_restart(&mut realm);
                    touched = true;
                }
                continue;
            }
        };
        // SAFETY: the bytes are live.
        unsafe { (Library::get().functions.datagram_receiver)(Bytes::of(&datagram)).slice() };
        let (result, answers) = realm.incoming(&datagram);
        let invalid = result.as_ref().is_err_and(|failure| failure.status == INVALID_ARGUMENT);
        if let Err(failure) = result {
            assert!([INVALID_ARGUMENT, TURN_FAILED].contains(&failure.status), "{failure:?}");
        }
        touched |= !invalid || !answers.is_empty();
        sent.extend(answers);
    }
    if !touched {
        assert_eq!(realm.kept_bytes(), kept, "what it refuses leaves no trace");
    }
    if taken < INPUTS {
        LIVING.set(Some(Living { realm, sent, own, restarted }));
    } else {
        verify_restart(&mut realm);
    }
});
