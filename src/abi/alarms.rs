//! Alarms of durable realms.

use super::boundary::{boundary, required, required_out};
use super::realm::{host_or_none, jsep_realm};
use super::{jsep_host, jsep_status};

/// Tells when the next alarm of a realm is due.
///
/// Scripts set alarms with `setAlarm(time, name)` and clear them with `clearAlarm(name)`; the name may be left out. An alarm outlives the
/// process like all state. `*due` gets milliseconds since 1970 in UTC, which may be past; an alarm whose turn threw is due again after 250 ms,
/// twice as long after each further time, and at most after an hour. `host` is as for `jsep_realm_call`; its clock is asked. Any thread.
///
/// `JSEP_NOT_FOUND`: no alarm is set. Errors: `JSEP_REALM_STOPPED`, `JSEP_REENTERED`, `JSEP_FORKED`, `JSEP_NULL_ARGUMENT`,
/// `JSEP_STRUCT_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_next_alarm(
    realm: *const jsep_realm,
    host: *const jsep_host,
    due: *mut f64,
) -> jsep_status {
    boundary("jsep_realm_next_alarm", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (realm, due, host) = unsafe { (required(realm, "realm")?, required_out(due, "due")?, host_or_none(host)?) };
        Ok(match realm.realm.get()?.next_alarm(&host)? {
            Some(time) => {
                *due = time;
                jsep_status::JSEP_OK
            }
            None => jsep_status::JSEP_NOT_FOUND,
        })
    })
}

/// Runs the alarm that is due, if one is, as one turn: calls the global function `alarm(name, time)`.
///
/// The turn is on the disk when this answers, and the alarm no longer set, unless the script has set it again. A turn that throws leaves
/// no trace and the alarm set; see `jsep_realm_next_alarm` for when it is due again. `host` is as for `jsep_realm_call`. Any thread.
///
/// `JSEP_NOT_FOUND`: none is due. Errors: as of `jsep_realm_call`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_alarm(realm: *const jsep_realm, host: *const jsep_host) -> jsep_status {
    boundary("jsep_realm_alarm", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (realm, host) = unsafe { (required(realm, "realm")?, host_or_none(host)?) };
        let was_due = realm.realm.get()?.alarm(&host)?;
        Ok(if was_due { jsep_status::JSEP_OK } else { jsep_status::JSEP_NOT_FOUND })
    })
}
