//! Messages between durable realms.

use super::boundary::{boundary, required, required_out};
use super::host_call::HostCall;
use super::realm::{host_or_none, jsep_realm};
use super::{jsep_bytes, jsep_host, jsep_status};
use crate::durable::datagram_receiver;
use crate::error::Error;
use std::ffi::c_void;

/// Takes datagrams that are to be carried to other realms.
///
/// `carry` may be called several times while the function that received the carrier runs, on the same thread. It copies what it is given
/// and must not call the library. Datagrams may be lost, doubled and carried in any order; no realm notices but for the time it takes.
///
/// Source: `src/abi/messages.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_carrier {
    /// Passed back as the first argument of `carry`.
    pub context: *mut c_void,
    /// Carries `datagram` to the realm of the name `receiver`. One that can't be reached now is asked for again later.
    pub carry: Option<unsafe extern "C" fn(context: *mut c_void, receiver: jsep_bytes, datagram: jsep_bytes)>,
}

impl jsep_carrier {
    /// The function to carry with.
    ///
    /// # Safety
    /// The host made this carrier, and its function accepts its context while the result is used.
    unsafe fn get(self) -> Result<impl FnMut(&str, &[u8]), Error> {
        let null = || Error::new(jsep_status::JSEP_NULL_ARGUMENT, "`carrier.carry` is null");
        let carry = self.carry.ok_or_else(null)?;
        Ok(move |receiver: &str, datagram: &[u8]| {
            // SAFETY: both are lent from live slices; the host vouches for function and context.
            unsafe {
                carry.call_host((self.context, jsep_bytes::lend(receiver.as_bytes()), jsep_bytes::lend(datagram)))
            }
        })
    }
}

/// Gives `carrier` the datagrams that a realm has for others now: messages that scripts sent with `send(receiver, value)`.
///
/// What it gives is on the disk. A message is given again, after 250 ms and then after twice as long each time up to 30 s, until it is
/// acknowledged. To be called after each turn, after `jsep_realm_incoming`, and when it is time: `*next` gets when this is at the latest, in milliseconds
/// since 1970 in UTC, or infinity when nothing waits. A datagram has at most about 61000 bytes, and at most about 1500 unless a single
/// message is larger. `host` is as for `jsep_realm_call`; its clock is asked. Any thread.
///
/// Errors: `JSEP_STORAGE_FAILED`, `JSEP_REALM_STOPPED`, `JSEP_REENTERED`, `JSEP_FORKED`, `JSEP_NULL_ARGUMENT`, `JSEP_STRUCT_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_outgoing(
    realm: *const jsep_realm,
    host: *const jsep_host,
    carrier: *const jsep_carrier,
    next: *mut f64,
) -> jsep_status {
    boundary("jsep_realm_outgoing", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (realm, carrier) = unsafe { (required(realm, "realm")?, required(carrier, "carrier")?) };
        // SAFETY: as above.
        let (next, host, mut carry) = unsafe { (required_out(next, "next")?, host_or_none(host)?, carrier.get()?) };
        *next = f64::INFINITY;
        if let Some(time) = realm.realm.get()?.outgoing(&host, &mut carry)? {
            *next = time;
        }
        Ok(jsep_status::JSEP_OK)
    })
}

/// Takes a datagram that was carried to a realm.
///
/// Each message in it that is next in its order runs as a turn: the global function `receive(sender, value)`. One that came before runs
/// nothing; one that comes too early waits for those before it. What is to go back to the sender is given to `carrier` when all of it is
/// on the disk. A turn that throws leaves no trace and is tried again when the message comes again, not before 250 ms and twice as long
/// after each further time; after 5 attempts the message is dropped, which the log keeps with the reason. The messages behind it wait for
/// that. `host` is as for `jsep_realm_call`. Any thread.
///
/// The realm option `peer_key` is a secret that realms which exchange messages share. Without one, whoever can reach the host can write
/// to a realm in any name.
///
/// Errors: `JSEP_INVALID_ARGUMENT` (no datagram for this realm, or from a realm that is not the one of that name that it knew; it is
/// ignored), `JSEP_TURN_FAILED` (a turn threw; what came before it counts), and as of `jsep_realm_call`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_incoming(
    realm: *const jsep_realm,
    datagram: jsep_bytes,
    host: *const jsep_host,
    carrier: *const jsep_carrier,
) -> jsep_status {
    boundary("jsep_realm_incoming", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (realm, carrier) = unsafe { (required(realm, "realm")?, required(carrier, "carrier")?) };
        // SAFETY: as above.
        let (datagram, host, mut carry) = unsafe { (datagram.read("datagram")?, host_or_none(host)?, carrier.get()?) };
        realm.realm.get()?.incoming(datagram, &host, &mut carry)?;
        Ok(jsep_status::JSEP_OK)
    })
}

/// The name of the realm that a datagram is for, a part of `datagram`; no bytes when it is no datagram. Nothing else of it is checked.
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_datagram_receiver(datagram: jsep_bytes) -> jsep_bytes {
    boundary("jsep_datagram_receiver", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let name = datagram_receiver(unsafe { datagram.read("datagram") }?);
        Ok(name.map_or(jsep_bytes::EMPTY, |name| jsep_bytes::lend(name.as_bytes())))
    })
}
