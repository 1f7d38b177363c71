//! From a method and a path to an endpoint.

use super::{Endpoint, Match};
use crate::error::Error;
use crate::status::jsep_status;
use regex::Regex;
use std::collections::{BTreeSet, HashMap};

/// All paths of an app.
pub(super) struct Router {
    /// Templates without parameters: path to method to endpoint.
    exact: HashMap<String, HashMap<String, usize>>,
    /// Templates with parameters. A path can only match those of its own shape, or of the same without a first segment.
    templated: HashMap<Shape, Vec<Route>>,
}

/// What paths and templates have in common when they match: the number of `/`, and the first segment unless it has a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape {
    slashes: usize,
    first: Option<String>,
}

/// Most steps of comparing templates with each other: a second or two. Thousands of templates take less unless they are all alike.
const MOST_STEPS: usize = 10_000_000;

/// A path template with parameters, for one method.
struct Route {
    method: String,
    endpoint: usize,
    pattern: Regex,
    parameters: Vec<String>,
}

/// A piece of a template: a character as it is, or a parameter, which stands for one or more characters other than `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Character(char),
    Parameter(String),
}

/// An endpoint with the pieces of its template.
type Template<'a> = (&'a Endpoint, Vec<Piece>);

impl Router {
    /// Reads all templates, and refuses two that can match the same path with the same method.
    pub(super) fn new(endpoints: &[Endpoint]) -> Result<Router, Error> {
        let mut router = Router { exact: HashMap::new(), templated: HashMap::new() };
        let mut seen: HashMap<usize, HashMap<Option<String>, Vec<Template<'_>>>> = HashMap::new();
        let mut steps = 0;
        for (index, endpoint) in endpoints.iter().enumerate() {
            let pieces = pieces(endpoint)?;
            if pieces.iter().all(|piece| matches!(piece, Piece::Character(_))) {
                let methods = router.exact.entry(endpoint.template.clone()).or_default();
                methods.insert(endpoint.method.clone(), index);
                continue;
            }
            let shape = Shape::of(&endpoint.template);
            let alike = seen.entry(shape.slashes).or_default();
            let rivals =
                alike.iter().filter(|(first, _)| first.is_none() || shape.first.is_none() || **first == shape.first);
            for (rival, them) in rivals.flat_map(|(_, rivals)| rivals) {
                if rival.method == endpoint.method && overlap(&pieces, them, &mut steps) {
                    return Err(Error::new(
                        jsep_status::JSEP_ROUTE_AMBIGUOUS,
                        format!(
                            "{} {} and {} can match the same path",
                            endpoint.method, rival.template, endpoint.template
                        ),
                    )
                    .at_path(endpoint.json_path.clone()));
                }
                if steps > MOST_STEPS {
                    return Err(Error::new(
                        jsep_status::JSEP_ROUTE_INVALID,
                        format!("too many path templates are like {}: they can't all be compared", endpoint.template),
                    )
                    .at_path(endpoint.json_path.clone()));
                }
            }
            let route = route(endpoint, index, &pieces)?;
            alike.entry(shape.first.clone()).or_default().push((endpoint, pieces));
            router.templated.entry(shape).or_default().push(route);
        }
        Ok(router)
    }

    pub(super) fn find(&self, method: &str, path: &str) -> Result<Match, Error> {
        let path = without_actor(path);
        match self.lookup(method, path) {
            Some(found) => Ok(found),
            None if method == "HEAD" && self.lookup("GET", path).is_some() => {
                self.lookup("GET", path).ok_or_else(|| unknown(path))
            }
            None => {
                let methods = self.methods_of(path)?;
                let message = format!("Allowed methods for '{path}' are: {methods}.");
                Err(Error::new(jsep_status::JSEP_METHOD_UNSUPPORTED, message))
            }
        }
    }

    pub(super) fn methods(&self, path: &str) -> Result<String, Error> {
        self.methods_of(without_actor(path))
    }

    /// Those of a path from which the prefix is taken off already.
    fn methods_of(&self, path: &str) -> Result<String, Error> {
        let exact = self.exact.get(path).into_iter().flat_map(HashMap::keys);
        let templated = self.alike(path).filter(|route| route.pattern.is_match(path)).map(|route| &route.method);
        let mut methods: BTreeSet<&str> = exact.chain(templated).map(String::as_str).collect();
        if methods.is_empty() {
            return Err(unknown(path));
        }
        methods.remove("OPTIONS");
        Ok(std::iter::once("OPTIONS").chain(methods).collect::<Vec<_>>().join(", "))
    }

    /// The templates with parameters that a path may match.
    fn alike(&self, path: &str) -> impl Iterator<Item = &Route> {
        let shape = Shape::of(path);
        let without = Shape { first: None, ..shape.clone() };
        let named = shape.first.is_some().then(|| self.templated.get(&shape)).flatten();
        named.into_iter().chain(self.templated.get(&without)).flatten()
    }

    fn lookup(&self, method: &str, path: &str) -> Option<Match> {
        if let Some(endpoint) = self.exact.get(path).and_then(|methods| methods.get(method)) {
            return Some(Match { endpoint: *endpoint, parameters: Vec::new() });
        }
        self.alike(path).filter(|route| route.method == method).find_map(|route| {
            let captures = route.pattern.captures(path)?;
            let values = captures.iter().skip(1).flatten().map(|value| value.as_str().to_owned());
            Some(Match { endpoint: route.endpoint, parameters: route.parameters.iter().cloned().zip(values).collect() })
        })
    }
}

impl Shape {
    /// The shape of a path or template. A brace in a path is one of its characters, which no template's text can have.
    fn of(path: &str) -> Shape {
        let first = path.split('/').nth(1).filter(|first| !first.contains('{'));
        Shape { slashes: path.matches('/').count(), first: first.map(str::to_owned) }
    }
}

/// The path without a leading `/app`.
fn without_actor(path: &str) -> &str {
    match path.strip_prefix("/app") {
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

fn unknown(path: &str) -> Error {
    Error::new(jsep_status::JSEP_PATH_UNKNOWN, format!("Unknown path: {path}."))
}

fn pieces(endpoint: &Endpoint) -> Result<Vec<Piece>, Error> {
    let invalid =
        |problem: String| Err(Error::new(jsep_status::JSEP_ROUTE_INVALID, problem).at_path(endpoint.json_path.clone()));
    let template = &endpoint.template;
    let mut pieces = Vec::new();
    let mut rest = template.as_str();
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        if character != '{' {
            pieces.push(Piece::Character(character));
            continue;
        }
        let Some((name, after)) = rest.split_once('}') else {
            return invalid(format!("Invalid templated path - missing closing curly bracket: {template}"));
        };
        if name.is_empty() || name.contains(['{', '/']) {
            return invalid(format!("Invalid templated path - `{{{name}}}` is not a parameter: {template}"));
        }
        if matches!(pieces.last(), Some(Piece::Parameter(_))) {
            return invalid(format!("Invalid templated path - two parameters without text between them: {template}"));
        }
        if pieces.contains(&Piece::Parameter(name.to_owned())) {
            return invalid(format!("Invalid templated path - parameter `{name}` appears twice: {template}"));
        }
        pieces.push(Piece::Parameter(name.to_owned()));
        rest = after;
    }
    Ok(pieces)
}

fn route(endpoint: &Endpoint, index: usize, pieces: &[Piece]) -> Result<Route, Error> {
    let mut pattern = String::from("^");
    let mut parameters = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Character(character) => pattern.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
            Piece::Parameter(name) => {
                pattern.push_str("([^/]+)");
                parameters.push(name.clone());
            }
        }
    }
    pattern.push('$');
    let pattern = Regex::new(&pattern).map_err(|error| {
        Error::new(
            jsep_status::JSEP_ROUTE_INVALID,
            format!("path template {} can't be used: {error}", endpoint.template),
        )
        .at_path(endpoint.json_path.clone())
    })?;
    Ok(Route { method: endpoint.method.clone(), endpoint: index, pattern, parameters })
}

/// Whether some path matches both templates: a walk over pairs of positions, each parameter taking one character or more.
/// Adds the steps it takes to `count`.
fn overlap(left: &[Piece], right: &[Piece], count: &mut usize) -> bool {
    *count += 1;
    // Most differ in the text before the first parameter or after the last.
    if begin_apart(left.iter(), right.iter()) || begin_apart(left.iter().rev(), right.iter().rev()) {
        return false;
    }
    // A state is a position in each template, and whether the parameter there has taken a character already.
    let mut todo = vec![((0, false), (0, false))];
    let mut seen = BTreeSet::new();
    while let Some(state) = todo.pop() {
        if !seen.insert(state) {
            continue;
        }
        *count += 1;
        let (here, there) = state;
        if ends(left, here) && ends(right, there) {
            return true;
        }
        for (next_here, character_here) in steps(left, here) {
            for (next_there, character_there) in steps(right, there) {
                let possible = match (character_here, character_there) {
                    (Some(one), Some(other)) => one == other,
                    (Some(one), None) | (None, Some(one)) => one != '/',
                    (None, None) => true,
                };
                if possible {
                    todo.push((next_here, next_there));
                }
            }
        }
    }
    false
}

/// Whether two templates, read in one direction, differ in a character before either has a parameter.
fn begin_apart<'a>(left: impl Iterator<Item = &'a Piece>, right: impl Iterator<Item = &'a Piece>) -> bool {
    let first = left.zip(right).find(|(one, other)| one != other || matches!(one, Piece::Parameter(_)));
    matches!(first, Some((Piece::Character(_), Piece::Character(_))))
}

/// Whether a template can end at `position`.
fn ends(pieces: &[Piece], (position, taken): (usize, bool)) -> bool {
    position == pieces.len() || (taken && position + 1 == pieces.len())
}

/// Positions after one more character, and that character; `None` is any but `/`.
fn steps(pieces: &[Piece], (position, taken): (usize, bool)) -> Vec<((usize, bool), Option<char>)> {
    let mut steps = Vec::new();
    match pieces.get(position) {
        Some(Piece::Character(character)) => steps.push(((position + 1, false), Some(*character))),
        Some(Piece::Parameter(_)) => {
            steps.push(((position, true), None));
            if taken {
                steps.extend(self::steps(pieces, (position + 1, false)));
            }
        }
        None => {}
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::{Piece, overlap};

    fn template(text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            if character == '{' {
                let (name, after) = rest.split_once('}').unwrap_or((rest, ""));
                pieces.push(Piece::Parameter(name.to_owned()));
                rest = after;
            } else {
                pieces.push(Piece::Character(character));
            }
        }
        pieces
    }

    #[test]
    fn templates_that_share_a_path_overlap() {
        for (left, right) in [
            ("/a/{x}", "/a/{y}"),
            ("/a/{x}/c", "/a/b/{y}"),
            ("/{x}-{y}", "/{z}"),
            ("/a{x}", "/{y}b"),
            ("/{a}b", "/{c}bb"),
        ] {
            assert!(overlap(&template(left), &template(right), &mut 0), "{left} and {right}");
            assert!(overlap(&template(right), &template(left), &mut 0), "{right} and {left}");
        }
    }

    #[test]
    fn templates_that_share_no_path_do_not_overlap() {
        for (left, right) in [("/a/{x}", "/b/{y}"), ("/a/{x}", "/a/{x}/b"), ("/{x}a", "/{y}b"), ("/a.{x}", "/ab{x}")] {
            assert!(!overlap(&template(left), &template(right), &mut 0), "{left} and {right}");
        }
    }
}
