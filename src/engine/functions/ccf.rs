//! Functions directly on `ccf`, and `ccf.rpc`.

use super::call::no_string;
use super::{Answer, Call, Function, Stop};
use crate::crypto;
use crate::engine::Thrown;

const RPC_TOUCHED: &str = "ccf.rpc";

/// Functions of `ccf` itself.
pub const CCF: [Function; 7] = [
    Function { name: "strToBuf", length: 1, run: str_to_buf },
    Function { name: "bufToStr", length: 1, run: buf_to_str },
    Function { name: "jsonCompatibleToBuf", length: 1, run: json_compatible_to_buf },
    Function { name: "bufToJsonCompatible", length: 1, run: buf_to_json_compatible },
    Function { name: "enableUntrustedDateTime", length: 1, run: enable_untrusted_date_time },
    Function { name: "enableMetricsLogging", length: 1, run: enable_metrics_logging },
    Function { name: "pemToId", length: 1, run: pem_to_id },
];

/// Functions of `ccf.rpc`.
pub const RPC: [Function; 2] = [
    Function { name: "setApplyWrites", length: 1, run: set_apply_writes },
    Function { name: "setClaimsDigest", length: 1, run: set_claims_digest },
];

fn str_to_buf(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    match call.argument(0)? {
        super::Value::Text(text) => Ok(Answer::Bytes(text)),
        _ => Err(no_string().into()),
    }
}

fn buf_to_str(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    let bytes = call.bytes(0)?;
    Ok(Answer::Text(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into())))
}

fn json_compatible_to_buf(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    Ok(Answer::Bytes(call.json(0)?.ok_or_else(no_string)?))
}

fn buf_to_json_compatible(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    Ok(Answer::Json(call.bytes(0)?))
}

fn enable_untrusted_date_time(call: &mut dyn Call) -> Result<Answer, Stop> {
    let on = switch(call)?;
    let mut former = false;
    call.request("ccf.enableUntrustedDateTime", &mut |execution| {
        former = std::mem::replace(&mut execution.untrusted_time, on);
        Ok(())
    })?;
    Ok(Answer::Boolean(former))
}

fn enable_metrics_logging(call: &mut dyn Call) -> Result<Answer, Stop> {
    let on = switch(call)?;
    let mut former = false;
    call.request("ccf.enableMetricsLogging", &mut |execution| {
        former = std::mem::replace(&mut execution.metrics_logging, on);
        Ok(())
    })?;
    Ok(Answer::Boolean(former))
}

fn switch(call: &mut dyn Call) -> Result<bool, Stop> {
    call.expect(1)?;
    match call.argument(0)? {
        super::Value::Boolean(on) => Ok(on),
        _ => Err(Thrown::type_error("First argument must be a boolean").into()),
    }
}

fn pem_to_id(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    let pem = call.text(0)?;
    let id = crypto::pem_to_id(&pem).map_err(|why| Thrown::internal(format!("Failed to parse PEM: {why}")))?;
    Ok(Answer::Text(id))
}

fn set_apply_writes(call: &mut dyn Call) -> Result<Answer, Stop> {
    let given = call.count();
    if given != 1 {
        return Err(Thrown::type_error(format!("Passed {given} arguments but expected 1")).into());
    }
    let apply = call.truthy(0);
    call.request(RPC_TOUCHED, &mut |execution| execution.set_apply_writes(apply))?;
    Ok(Answer::Undefined)
}

fn set_claims_digest(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    let digest = call.bytes(0)?;
    call.request(RPC_TOUCHED, &mut |execution| execution.set_claims_digest(&digest))?;
    Ok(Answer::Undefined)
}
