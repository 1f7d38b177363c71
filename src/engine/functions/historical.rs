//! `ccf.historical`, and how past states reach a script.

use super::consensus::{failed, number};
use super::{Answer, Call, Function, Stop};
use crate::app::Mode;
use crate::engine::{Execution, StateToken};
use crate::host::{HistoricalRange, State};

const TOUCHED: &str = "ccf.historical";

/// Functions of `ccf.historical`. The first answers with past states for the engine to show, see `state_json`.
pub const HISTORICAL: [Function; 2] = [
    Function { name: "getStateRange", length: 4, run: state_range },
    Function { name: "dropCachedStates", length: 1, run: drop_cached_states },
];

fn state_range(call: &mut dyn Call) -> Result<Answer, Stop> {
    const NEGATIVE: &str = "Invalid handle or seqno or expiry: cannot be negative";
    call.expect(4)?;
    let range = HistoricalRange {
        handle: number(call, 0, NEGATIVE)?,
        first: number(call, 1, NEGATIVE)?,
        last: number(call, 2, NEGATIVE)?,
        seconds: number(call, 3, NEGATIVE)?,
    };
    let mut answer = Answer::Null;
    call.request(TOUCHED, &mut |execution| {
        let states = execution.host().historical_range(range).map_err(failed("Failed to get state range"))?;
        if let Some(states) = states {
            let states: Vec<_> = states.iter().map(|state| state_json(execution, state)).collect();
            answer = Answer::Json(format!("[{}]", states.join(",")).into_bytes());
        }
        Ok(())
    })?;
    Ok(answer)
}

fn drop_cached_states(call: &mut dyn Call) -> Result<Answer, Stop> {
    call.expect(1)?;
    let handle = number(call, 0, "Invalid handle: cannot be negative")?;
    let mut dropped = false;
    call.request(TOUCHED, &mut |execution| {
        execution.irreversible("ccf.historical.dropCachedStates")?;
        dropped = execution.host().historical_drop(handle).map_err(failed("Failed to drop cached states"))?;
        Ok(())
    })?;
    Ok(Answer::Boolean(dropped))
}

/// What `ccf.historicalState` shows in this request, as `state_json` tells.
pub fn historical_state_json(execution: &mut Execution<'_>) -> Option<String> {
    let request = execution.request;
    let state = request.historical_state.as_ref().filter(|_| execution.mode == Mode::Historical)?;
    Some(state_json(execution, state))
}

/// A past state as JSON for an engine, which makes the object that scripts see of it: the token for its maps, the id of the
/// transaction, and the receipt.
fn state_json(execution: &mut Execution<'_>, state: &State) -> String {
    let token: StateToken = execution.show(state.state);
    let id = state.transaction;
    let receipt = if state.receipt.is_empty() { "null".into() } else { String::from_utf8_lossy(&state.receipt) };
    format!(r#"["{token}","{}.{}",{receipt}]"#, id.view, id.seqno)
}
