//! `ccf.rpc` and the switches of a request.

use super::super::active::with_request;
use super::super::value::Answer;
use super::Call;
use crate::engine::Thrown;

const RPC: &str = "ccf.rpc";

pub(super) fn set_apply_writes(call: &Call<'_>) -> Answer {
    let given = call.arguments.len();
    if given != 1 {
        return Err(Thrown::type_error(format!("Passed {given} arguments but expected 1")).into());
    }
    let apply = call.argument(0).truthy();
    with_request(call.context, RPC, |execution| execution.set_apply_writes(apply))?;
    Ok(call.context.undefined())
}

pub(super) fn set_claims_digest(call: &Call<'_>) -> Answer {
    call.count(1)?;
    let digest = call.bytes(0, "Argument must be an ArrayBuffer")?;
    with_request(call.context, RPC, |execution| execution.set_claims_digest(&digest))?;
    Ok(call.context.undefined())
}

pub(super) fn enable_untrusted_date_time(call: &Call<'_>) -> Answer {
    let on = switch(call)?;
    let former = with_request(call.context, "ccf.enableUntrustedDateTime", |execution| {
        Ok(std::mem::replace(&mut execution.untrusted_time, on))
    })?;
    Ok(call.context.boolean(former))
}

pub(super) fn enable_metrics_logging(call: &Call<'_>) -> Answer {
    let on = switch(call)?;
    let former = with_request(call.context, "ccf.enableMetricsLogging", |execution| {
        Ok(std::mem::replace(&mut execution.metrics_logging, on))
    })?;
    Ok(call.context.boolean(former))
}

fn switch(call: &Call<'_>) -> Result<bool, Thrown> {
    call.count(1)?;
    call.argument(0).as_boolean().ok_or_else(|| Thrown::type_error("First argument must be a boolean"))
}
