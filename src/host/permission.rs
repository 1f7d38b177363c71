//! Who may do what with which map.

use crate::app::Mode;

/// What a request may do with a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Nothing.
    Inaccessible = 0,
    /// Reads.
    ReadOnly = 1,
    /// Reads and writes.
    ReadWrite = 2,
}

/// A method of a map handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapMethod {
    Has,
    Get,
    GetVersionOfPreviousWrite,
    Size,
    ForEach,
    Set,
    Delete,
    Clear,
}

/// What a request may do with one map, and why not more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapRights {
    /// What it may do.
    pub permission: Permission,
    /// How a refusal ends.
    pub reason: Option<String>,
}

impl MapMethod {
    /// All methods, in the order in which a handle lists them.
    pub const ALL: [MapMethod; 8] = [
        MapMethod::Has,
        MapMethod::Get,
        MapMethod::GetVersionOfPreviousWrite,
        MapMethod::Size,
        MapMethod::ForEach,
        MapMethod::Set,
        MapMethod::Delete,
        MapMethod::Clear,
    ];

    /// The name that scripts use.
    pub fn name(self) -> &'static str {
        match self {
            MapMethod::Has => "has",
            MapMethod::Get => "get",
            MapMethod::GetVersionOfPreviousWrite => "getVersionOfPreviousWrite",
            MapMethod::Size => "size",
            MapMethod::ForEach => "forEach",
            MapMethod::Set => "set",
            MapMethod::Delete => "delete",
            MapMethod::Clear => "clear",
        }
    }

    fn writes(self) -> bool {
        matches!(self, MapMethod::Set | MapMethod::Delete | MapMethod::Clear)
    }
}

impl Permission {
    /// What an app endpoint of this mode may do with the map.
    pub fn of(map: &str, mode: Mode) -> Permission {
        let (public, name) = match map.strip_prefix("public:") {
            Some(name) => (true, name),
            None => (false, map),
        };
        let reserved = name.starts_with("ccf.gov.") || name.starts_with("ccf.internal.");
        match (reserved, public, mode) {
            (true, false, _) => Permission::Inaccessible,
            (true, true, _) | (false, _, Mode::ReadOnly | Mode::Historical) => Permission::ReadOnly,
            (false, _, Mode::ReadWrite) => Permission::ReadWrite,
        }
    }

    /// What anybody may do with the map in a past state.
    pub fn of_past(map: &str) -> Permission {
        Permission::of(map, Mode::Historical)
    }

    /// This permission, or less if the number says so.
    pub fn narrowed(self, number: u32) -> Permission {
        match number {
            0 => Permission::Inaccessible,
            1 if self == Permission::ReadWrite => Permission::ReadOnly,
            _ => self,
        }
    }

    /// Whether `method` may be called.
    pub fn allows(self, method: MapMethod) -> bool {
        match self {
            Permission::Inaccessible => false,
            Permission::ReadOnly => !method.writes(),
            Permission::ReadWrite => true,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Permission::Inaccessible => "inaccessible",
            Permission::ReadOnly => "read-only",
            Permission::ReadWrite => "read-write",
        }
    }

    /// The text for a method taken from one handle and called on another that may not use it.
    pub fn retargeted(map: &str) -> String {
        format!("Cannot perform this operation on table named {map}")
    }
}

impl MapRights {
    /// The text for a method that a handle has but may not use.
    pub fn refusal(&self, method: MapMethod, map: &str, mode: Mode) -> String {
        let context = match mode {
            Mode::ReadWrite => "application",
            Mode::ReadOnly | Mode::Historical => "read-only application",
        };
        let reason = self
            .reason
            .as_deref()
            .unwrap_or("See https://microsoft.github.io/CCF/main/audit/read_write_restrictions.html for more detail.");
        format!(
            "Cannot call \"{}\" on table named {map}. This table is {} in current ({context}) execution context. {reason}",
            method.name(),
            self.permission.describe(),
        )
    }
}

impl From<Permission> for i32 {
    fn from(permission: Permission) -> i32 {
        permission as i32
    }
}

impl TryFrom<i32> for Permission {
    type Error = ();

    fn try_from(number: i32) -> Result<Permission, ()> {
        [Permission::Inaccessible, Permission::ReadOnly, Permission::ReadWrite]
            .into_iter()
            .find(|permission| i32::from(*permission) == number)
            .ok_or(())
    }
}
