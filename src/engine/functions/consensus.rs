//! `ccf.consensus`.

use super::{Answer, Call, Function, Stop, Value};
use crate::engine::Thrown;
use crate::host::{HostError, TransactionId, TransactionStatus};

const TOUCHED: &str = "ccf.consensus";

/// Functions of `ccf.consensus`.
pub const CONSENSUS: [Function; 3] = [
    Function { name: "getLastCommittedTxId", length: 0, run: last_committed },
    Function { name: "getStatusForTxId", length: 2, run: status },
    Function { name: "getViewForSeqno", length: 1, run: view },
];

fn last_committed(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(0)?;
    let mut json = Vec::new();
    call.request(TOUCHED, &mut |execution| {
        let id = execution.host().last_committed().map_err(failed("Failed to get last committed txid"))?;
        json = format!(r#"{{"view":{},"seqno":{}}}"#, id.view, id.seqno).into_bytes();
        Ok(())
    })?;
    Ok(Answer::Json(json))
}

fn status(call: &mut dyn Call) -> Result<Answer, Stop> {
    const NEGATIVE: &str = "Invalid view or seqno: cannot be negative";
    call.expect(2)?;
    let id = TransactionId { view: number(call, 0, NEGATIVE)?, seqno: number(call, 1, NEGATIVE)? };
    let mut status = TransactionStatus::Unknown;
    call.request(TOUCHED, &mut |execution| {
        status = execution.host().transaction_status(id).map_err(failed("Failed to get status for txid"))?;
        Ok(())
    })?;
    let name = match status {
        TransactionStatus::Unknown => "Unknown",
        TransactionStatus::Pending => "Pending",
        TransactionStatus::Committed => "Committed",
        TransactionStatus::Invalid => "Invalid",
    };
    Ok(Answer::Text(name.to_owned()))
}

fn view(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    let seqno = number(call, 0, "Invalid seqno: cannot be negative")?;
    let mut view = None;
    call.request(TOUCHED, &mut |execution| {
        view = execution.host().view_of(seqno).map_err(failed("Failed to get view for seqno"))?;
        Ok(())
    })?;
    Ok(view.map_or(Answer::Null, |view| Answer::Number(view as f64)))
}

/// A whole number from 0. Fractions are cut off; what is no number at all is refused.
pub(super) fn number(call: &mut dyn Call, index: usize, negative: &'static str) -> Result<u64, Stop> {
    match call.argument(index)? {
        Value::Number(number) if number < 0.0 => Err(Thrown::range_error(negative).into()),
        Value::Number(number) if number.is_finite() => Ok(number as u64),
        _ => Err(Thrown::type_error("Argument must be a number").into()),
    }
}

/// Makes an `InternalError` of a host's failure.
pub(super) fn failed(what: &'static str) -> impl Fn(HostError) -> Thrown {
    move |error| Thrown::internal(format!("{what}: {error}"))
}
