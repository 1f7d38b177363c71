//! Apps that several benches serve.

use serde_json::{Value, json};
use std::path::Path;

/// A bundle with one module, whose function `handler` serves `GET /`, perhaps for all requests in one realm.
pub fn bundle(source: &str, shared: bool) -> String {
    let mut endpoint = json!({
        "js_module": "app.js", "js_function": "handler", "mode": "readwrite", "forwarding_required": "never", "authn_policies": [],
    });
    if shared {
        endpoint["interpreter_reuse"] = json!({ "key": "bench" });
    }
    json!({
        "metadata": { "endpoints": { "/": { "get": endpoint } } },
        "modules": [{ "name": "app.js", "module": source }],
    })
    .to_string()
}

/// The logging app as a bundle.
pub fn logging_app() -> Result<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../apps/logging");
    let read = |file: &Path| std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()));
    let metadata: Value =
        serde_json::from_str(&read(&folder.join("app.json"))?).map_err(|error| format!("app.json: {error}"))?;
    let mut modules = Vec::new();
    for file in std::fs::read_dir(folder.join("src")).map_err(|error| format!("{}: {error}", folder.display()))? {
        let file = file.map_err(|error| error.to_string())?;
        modules.push(json!({ "name": file.file_name().to_string_lossy(), "module": read(&file.path())? }));
    }
    Ok(json!({ "metadata": metadata, "modules": modules }).to_string())
}
