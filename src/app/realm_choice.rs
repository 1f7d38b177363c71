//! Which realms an engine or an endpoint asks for.

/// Which rung of the realm ladder to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RealmChoice {
    /// The engine chooses.
    Auto,
    /// The engine chooses among realms that belong to one request.
    Fresh,
    /// Evaluate the app for each request.
    Evaluate,
    /// Evaluate the app for each request, from compiled code.
    Compiled,
    /// Start from the app's evaluated state.
    Captured,
    /// Start from the app's evaluated state, in a realm that was made before the request came if there is one.
    Ready,
    /// Begin each request in a realm that is used again if the request leaves it as it was.
    Proven,
}

impl RealmChoice {
    /// All names, for messages.
    pub const NAMES: &str = "auto, fresh, 0, 1, 2, 3 or 4";

    const ALL: [RealmChoice; 7] = [
        RealmChoice::Auto,
        RealmChoice::Fresh,
        RealmChoice::Evaluate,
        RealmChoice::Compiled,
        RealmChoice::Captured,
        RealmChoice::Ready,
        RealmChoice::Proven,
    ];

    /// Its name as a value of the option `realm`.
    pub fn name(self) -> &'static str {
        match self {
            RealmChoice::Auto => "auto",
            RealmChoice::Fresh => "fresh",
            RealmChoice::Evaluate => "0",
            RealmChoice::Compiled => "1",
            RealmChoice::Captured => "2",
            RealmChoice::Ready => "3",
            RealmChoice::Proven => "4",
        }
    }

    /// Whether the app is evaluated for each request, even if it can be captured.
    pub fn evaluates(self) -> bool {
        matches!(self, RealmChoice::Evaluate | RealmChoice::Compiled)
    }

    /// Whether realms may be made before a request needs them.
    pub fn uses_ready_realms(self) -> bool {
        matches!(self, RealmChoice::Auto | RealmChoice::Fresh | RealmChoice::Ready | RealmChoice::Proven)
    }

    /// The choice of a name.
    pub fn named(name: &str) -> Option<RealmChoice> {
        RealmChoice::ALL.into_iter().find(|choice| choice.name() == name)
    }
}
