//! What only some hosts offer: processes, and the verification of attestations.

use super::{Answer, Call, Function, Stop, Value};
use crate::engine::Thrown;
use crate::host::{Attestation, HostError};

/// Functions of `ccf.host`.
pub const HOST: [Function; 1] = [Function { name: "triggerSubprocess", length: 1, run: trigger_subprocess }];

/// Functions of `snp_attestation`.
pub const ATTESTATION: [Function; 1] =
    [Function { name: "verifySnpAttestation", length: 2, run: verify_snp_attestation }];

fn trigger_subprocess(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect_one_or_two()?;
    let elements = call.elements(0)?.ok_or_else(|| Thrown::type_error("First argument must be an array"))?;
    if elements.is_empty() {
        return Err(Thrown::range_error("First argument must be a non-empty array").into());
    }
    let arguments: Option<Vec<String>> = elements.into_iter().map(Value::text).collect();
    let arguments =
        arguments.ok_or_else(|| Thrown::type_error("First argument must be an array of strings, found non-string"))?;
    let input = call.optional_bytes(1)?;
    call.request("ccf.host", &mut |execution| {
        execution.irreversible("ccf.host.triggerSubprocess")?;
        let started = execution.host().trigger_subprocess(&arguments, input.as_deref());
        started.map_err(|why| Thrown::internal(format!("Unable to launch host process: {why}")))
    })?;
    Ok(Answer::Undefined)
}

fn verify_snp_attestation(call: &mut dyn Call) -> Result<Answer, Stop> {
    let given = call.count();
    if !(2..=4).contains(&given) {
        return Err(Thrown::type_error(format!("Passed {given} arguments, but expected between 2 and 4")).into());
    }
    let attestation = Attestation {
        evidence: call.bytes(0)?,
        endorsements: call.bytes(1)?,
        uvm_endorsements: call.optional_bytes(2)?,
        endorsed_tcb: call.optional_text(3)?,
    };
    let mut json = Vec::new();
    call.request("snp_attestation", &mut |execution| {
        json = execution.host().verify_attestation(&attestation).map_err(|error| {
            Thrown::internal(match error {
                HostError::NotOffered { .. } => "verifySnpAttestation is not supported by this host".to_owned(),
                other => format!("Failed to verify attestation: {other}"),
            })
        })?;
        Ok(())
    })?;
    let tree = serde_json::from_slice(&json).map_err(|error| {
        Thrown::internal(format!("Failed to verify attestation: the host's result is not JSON: {error}"))
    })?;
    Ok(Answer::Tree(tree))
}
