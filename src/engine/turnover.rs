//! Whether an install compiles all functions of an app, or leaves each to its first call. Engine-neutral.
//!
//! What an install compiles is there in each isolate that the version ever gets: for other threads, after a limit, after a restart from
//! what the host has stored. What it leaves is compiled in each of them, within some request's time. So compiling all pays for versions
//! that stay, and is wasted on those that are replaced soon.

/// When functions are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compilation {
    /// Each function when it is first called.
    Lazy,
    /// All functions at the install.
    Eager,
}

impl Compilation {
    /// Its name as a value of the option `compilation`.
    pub fn name(self) -> &'static str {
        match self {
            Compilation::Lazy => "lazy",
            Compilation::Eager => "eager",
        }
    }
}

/// A choice, and the reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub compilation: Compilation,
    pub because: &'static str,
}

/// A version that serves so many requests stays: they cost more than compiling a large app.
const REQUESTS_OF_STAYING_VERSION: f64 = 10_000.0;
/// Share of the newest version in the mean.
const NEWEST: f64 = 0.5;

/// How long the versions of an app have stayed.
#[derive(Debug, Default)]
pub struct Turnover {
    /// Moving mean of the requests that a version has served; none before one was replaced.
    requests: Option<f64>,
}

impl Turnover {
    /// Notes that a version was replaced, which had served so many requests.
    pub fn replaced(&mut self, requests: u64) {
        let requests = requests as f64;
        self.requests = Some(self.requests.map_or(requests, |mean| mean + NEWEST * (requests - mean)));
    }

    /// What the next version gets: what was asked for, or else what fits. `stored` tells whether the host stores what an install makes.
    pub fn choose(&self, asked: Option<Compilation>, stored: bool) -> Chosen {
        let (compilation, because) = match (asked, self.requests) {
            (Some(asked), _) => (asked, "the option compilation asks for it"),
            (None, _) if stored => (Compilation::Eager, "the host stores it for later starts"),
            (None, Some(mean)) if mean >= REQUESTS_OF_STAYING_VERSION => {
                (Compilation::Eager, "former versions have served many requests")
            }
            (None, Some(_)) => (Compilation::Lazy, "former versions were replaced after few requests"),
            (None, None) => (Compilation::Lazy, "no version was replaced yet"),
        };
        Chosen { compilation, because }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(requests: &[u64]) -> Compilation {
        let mut turnover = Turnover::default();
        requests.iter().for_each(|requests| turnover.replaced(*requests));
        turnover.choose(None, false).compilation
    }

    #[test]
    fn the_first_version_is_compiled_lazily() {
        assert_eq!(after(&[]), Compilation::Lazy);
    }

    #[test]
    fn versions_that_stay_are_compiled_eagerly_and_others_lazily() {
        assert_eq!(after(&[1_000_000]), Compilation::Eager);
        assert_eq!(after(&[10, 20, 5]), Compilation::Lazy);
    }

    #[test]
    fn a_change_of_habit_is_followed() {
        assert_eq!(after(&[15_000, 15_000, 0, 0, 0]), Compilation::Lazy);
        assert_eq!(after(&[0, 0, 0, 40_000]), Compilation::Eager);
    }

    #[test]
    fn what_the_host_stores_is_compiled_eagerly() {
        assert_eq!(Turnover::default().choose(None, true).compilation, Compilation::Eager);
    }

    #[test]
    fn what_is_asked_for_holds() {
        let mut turnover = Turnover::default();
        turnover.replaced(u64::MAX);
        assert_eq!(turnover.choose(Some(Compilation::Lazy), true).compilation, Compilation::Lazy);
        assert_eq!(Turnover::default().choose(Some(Compilation::Eager), false).compilation, Compilation::Eager);
    }
}
