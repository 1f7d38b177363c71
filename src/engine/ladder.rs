//! Whether a request of an endpoint runs in a proven realm or in a fresh one, chosen by what each has cost. Engine-neutral.
//!
//! An endpoint begins with proven reuse. It leaves it for good when the engine has to stop its calls too often, or when a fresh
//! realm is cheaper. There is no way back within one version of an app, so that no endpoint goes to and fro.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// An endpoint stays with proven reuse as long as this many calls succeed for each one that is stopped.
const SUCCESSES_PER_REFUSAL: u64 = 32;
/// Refusals that are forgiven.
const FORGIVEN: u64 = 1;
/// Below this cost a fresh realm can't be cheaper, and none is tried.
const ALWAYS_CHEAP: Duration = Duration::from_micros(80);
/// Among this many requests, one is served in a fresh realm while its cost is not known well.
const PROBE_EVERY: u64 = 4;
/// Samples of each kind that a comparison needs.
const SAMPLES: u64 = 8;
/// A fresh realm has to be cheaper by this factor.
const CLEARLY: f64 = 1.25;
/// A cost that is higher than the mean by more than this factor counts as that much.
const OUTLIER: f64 = 4.0;
/// Share of the newest sample in a mean.
const NEWEST: f64 = 1.0 / 8.0;

/// Where a request is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// In a realm that no request has ever changed, under a check that it stays so.
    Proven,
    /// In a realm of its own.
    Fresh,
}

/// The state of one endpoint.
#[derive(Debug, Default)]
struct State {
    requests: u64,
    proven: Cost,
    fresh: Cost,
    refusals: u64,
    /// What was stopped last.
    refused: Option<String>,
    /// Mean cost of proven reuse when it was last found the cheaper one.
    compared_at: Option<f64>,
    /// Why the endpoint has left proven reuse.
    left_because: Option<String>,
}

/// A moving mean of costs.
#[derive(Debug, Default)]
struct Cost {
    samples: u64,
    nanoseconds: f64,
}

impl Cost {
    fn add(&mut self, cost: Duration) {
        let mut cost = cost.as_nanos() as f64;
        if self.samples >= SAMPLES {
            // A pause of the machine or a collection is not what the endpoint costs.
            cost = cost.min(OUTLIER * self.nanoseconds);
        }
        self.samples += 1;
        // The first ones count alike.
        let share = NEWEST.max(1.0 / self.samples as f64);
        self.nanoseconds += (cost - self.nanoseconds) * share;
    }

    fn microseconds(&self) -> f64 {
        (self.nanoseconds / 100.0).round() / 10.0
    }
}

/// The endpoints of one version of an app.
pub struct Ladder {
    endpoints: Vec<Mutex<State>>,
}

impl Ladder {
    /// A ladder for endpoints that have not run yet.
    pub fn new(endpoints: usize) -> Ladder {
        Ladder { endpoints: (0..endpoints).map(|_| Mutex::default()).collect() }
    }

    /// Where the next request of an endpoint is to run.
    pub fn route(&self, endpoint: usize) -> Route {
        let mut state = self.state(endpoint);
        state.requests += 1;
        if state.left_because.is_some() || state.wants_probe() { Route::Fresh } else { Route::Proven }
    }

    /// A call ended under the check, at this cost.
    pub fn proven(&self, endpoint: usize, cost: Duration) {
        let mut state = self.state(endpoint);
        state.proven.add(cost);
        state.compare();
    }

    /// A call was stopped by the check, for this reason.
    pub fn refused(&self, endpoint: usize, reason: &str) {
        let mut state = self.state(endpoint);
        state.refusals += 1;
        state.refused = Some(reason.to_owned());
        if state.refusals > FORGIVEN && state.proven.samples < SUCCESSES_PER_REFUSAL * state.refusals {
            state.left_because.get_or_insert_with(|| reason.to_owned());
        }
    }

    /// A call ended in a fresh realm, at this cost, the making of the realm included.
    pub fn fresh(&self, endpoint: usize, cost: Duration) {
        let mut state = self.state(endpoint);
        state.fresh.add(cost);
        state.compare();
    }

    /// What is known of an endpoint, as a JSON object.
    pub fn report(&self, endpoint: usize) -> serde_json::Value {
        let state = self.state(endpoint);
        serde_json::json!({
            "route": if state.left_because.is_some() { "fresh" } else { "proven" },
            "reason": state.left_because.as_deref().unwrap_or("calls leave the realm as it was"),
            "requests": state.requests,
            "proven": state.proven.samples,
            "proven_us": state.proven.microseconds(),
            "fresh": state.fresh.samples,
            "fresh_us": state.fresh.microseconds(),
            "refusals": state.refusals,
            "refused": state.refused,
        })
    }

    fn state(&self, endpoint: usize) -> MutexGuard<'_, State> {
        self.endpoints[endpoint].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether the next request should show what a fresh realm costs.
    fn wants_probe(&self) -> bool {
        let costly = self.proven.nanoseconds > ALWAYS_CHEAP.as_nanos() as f64 && self.proven.samples >= SAMPLES;
        let grown = self.compared_at.is_none_or(|then| self.proven.nanoseconds > 2.0 * then);
        costly && grown && (self.requests.is_multiple_of(PROBE_EVERY))
    }

    /// Leaves proven reuse when both costs are known and the other is clearly lower.
    fn compare(&mut self) {
        if self.left_because.is_some() || self.fresh.samples < SAMPLES || self.proven.samples < SAMPLES {
            return;
        }
        if self.proven.nanoseconds > CLEARLY * self.fresh.nanoseconds {
            self.left_because = Some(format!(
                "a fresh realm is cheaper: {} µs instead of {} µs",
                self.fresh.microseconds(),
                self.proven.microseconds()
            ));
        } else if self.compared_at.is_none_or(|then| self.proven.nanoseconds > 2.0 * then) {
            self.compared_at = Some(self.proven.nanoseconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICROSECOND: Duration = Duration::from_micros(1);

    /// Serves requests with these costs, and counts those in proven and in fresh realms.
    fn serve(ladder: &Ladder, requests: u64, proven: Duration, fresh: Duration) -> (u64, u64) {
        let mut counts = (0, 0);
        for _ in 0..requests {
            match ladder.route(0) {
                Route::Proven => {
                    counts.0 += 1;
                    ladder.proven(0, proven);
                }
                Route::Fresh => {
                    counts.1 += 1;
                    ladder.fresh(0, fresh);
                }
            }
        }
        counts
    }

    #[test]
    fn a_cheap_endpoint_never_tries_a_fresh_realm() {
        let ladder = Ladder::new(1);
        assert_eq!(serve(&ladder, 10_000, 6 * MICROSECOND, 150 * MICROSECOND), (10_000, 0));
    }

    #[test]
    fn an_endpoint_that_is_cheaper_in_a_fresh_realm_moves_once() {
        let ladder = Ladder::new(1);
        let (proven, fresh) = serve(&ladder, 1_000, 900 * MICROSECOND, 250 * MICROSECOND);
        assert!(proven < 150, "{proven} requests in proven realms");
        assert_eq!(serve(&ladder, 1_000, MICROSECOND, 250 * MICROSECOND), (0, 1_000), "it came back after {fresh}");
        assert_eq!(ladder.report(0)["reason"], "a fresh realm is cheaper: 250 µs instead of 900 µs");
    }

    #[test]
    fn an_endpoint_that_is_cheaper_proven_stops_trying() {
        let ladder = Ladder::new(1);
        let (_, fresh) = serve(&ladder, 100_000, 100 * MICROSECOND, 250 * MICROSECOND);
        assert_eq!(fresh, SAMPLES);
    }

    #[test]
    fn an_endpoint_whose_cost_doubles_is_compared_again() {
        let ladder = Ladder::new(1);
        serve(&ladder, 1_000, 100 * MICROSECOND, 250 * MICROSECOND);
        serve(&ladder, 1_000, 2_000 * MICROSECOND, 250 * MICROSECOND);
        assert_eq!(ladder.route(0), Route::Fresh);
    }

    #[test]
    fn costs_about_the_same_move_nothing() {
        let ladder = Ladder::new(1);
        let (proven, _) = serve(&ladder, 10_000, 260 * MICROSECOND, 250 * MICROSECOND);
        assert!(proven > 9_900);
    }

    #[test]
    fn two_refusals_in_a_row_end_proven_reuse() {
        let ladder = Ladder::new(1);
        ladder.refused(0, "the call of `first`");
        assert_eq!(ladder.route(0), Route::Proven);
        ladder.refused(0, "the call of `second`");
        assert_eq!(ladder.route(0), Route::Fresh);
        assert_eq!(ladder.report(0)["reason"], "the call of `second`");
    }

    #[test]
    fn rare_refusals_are_forgiven_and_frequent_ones_are_not() {
        let rare = Ladder::new(1);
        for _ in 0..100 {
            serve(&rare, 50, 6 * MICROSECOND, 150 * MICROSECOND);
            rare.refused(0, "the call of `rarely`");
        }
        assert_eq!(rare.route(0), Route::Proven);
        let frequent = Ladder::new(1);
        for _ in 0..100 {
            serve(&frequent, 10, 6 * MICROSECOND, 150 * MICROSECOND);
            frequent.refused(0, "the call of `often`");
        }
        assert_eq!(frequent.route(0), Route::Fresh);
    }
}
