//! Past states: `ccf.historical` and `ccf.historicalState`.

use super::super::active::with_request;
use super::super::interpreter;
use super::super::value::{Answer, Context, Problem, Value};
use super::{Call, functions, kv};
use crate::engine::functions::{Group, historical_state_json};

/// `ccf.historical.getStateRange`: the states of the shared function, as objects.
pub(super) fn get_state_range(call: &Call<'_>) -> Answer {
    let states = functions::run(&Group::Historical.functions()[0], call)?;
    if states.is_null() {
        return Ok(states);
    }
    let context = call.context;
    let count = states.get(c"length")?.as_number().unwrap_or(0.0) as usize;
    for index in 0..count {
        states.define(&index.to_string(), past_state(context, &states.element(index)?)?)?;
    }
    Ok(states)
}

/// The object that scripts see of a past state: `parts` are the token of its maps, the transaction's id and the receipt.
fn past_state(context: Context, parts: &Value) -> Answer {
    let object = context.object()?;
    object.define("transactionId", parts.element(1)?)?;
    object.define("receipt", parts.element(2)?)?;
    let token = parts.element(0)?.to_text()?.parse()?;
    object.define("kv", kv::root(context, Some(token))?)?;
    Ok(object)
}

/// Shows the running request its past state, if there is one, and takes a former one away.
pub(in crate::engine::quickjs) fn show_past_state(context: Context, used: bool) -> Result<(), Problem> {
    let json = with_request(context, "ccf.historicalState", |execution| Ok(historical_state_json(execution)))?;
    if json.is_none() && !used {
        return Ok(());
    }
    let Some(ccf) = interpreter::globals(context).ccf() else {
        return Ok(());
    };
    match json {
        Some(json) => {
            let state = past_state(context, &context.parse_json(json.as_bytes())?)?;
            ccf.define("historicalState", state)
        }
        None => {
            super::delete(ccf, c"historicalState");
            Ok(())
        }
    }
}
