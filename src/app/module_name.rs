//! Names of modules: from what an import says to one name with one leading slash.

/// The module that `specifier`, imported by `importer` (a name with leading slash), means: relative to the importer when it begins
/// with `./` or `../`, else from the root of the bundle. `..` never leaves the root.
pub fn resolve(specifier: &str, importer: &str) -> String {
    let relative = specifier.starts_with("./") || specifier.starts_with("../");
    let folder = if relative { importer.rsplit_once('/').map_or("", |(folder, _)| folder) } else { "" };
    let mut segments: Vec<&str> = Vec::new();
    for segment in folder.split('/').chain(specifier.split('/')) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    format!("/{}", segments.join("/"))
}

/// The name as people and stack traces see it: without the leading slash.
pub fn display_name(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn relative_specifiers_start_at_the_importer() {
        assert_eq!(resolve("./b.js", "/a/x.js"), "/a/b.js");
        assert_eq!(resolve("../b.js", "/a/c/x.js"), "/a/b.js");
    }

    #[test]
    fn other_specifiers_start_at_the_root() {
        assert_eq!(resolve("b.js", "/a/x.js"), "/b.js");
        assert_eq!(resolve("/b/c.js", "/a/x.js"), "/b/c.js");
    }

    #[test]
    fn parents_never_leave_the_root() {
        assert_eq!(resolve("../../../b.js", "/a/x.js"), "/b.js");
    }
}
