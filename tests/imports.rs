//! Imports run one way: a module names only modules of the layers below it, and
//! `sts` never names `tlsrpt`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The layers from top to bottom; a module may name those below its own, and
/// itself. Feature modules are leaves: only the client names them.
const LAYERS: [&[&str]; 12] = [
    &["client"],
    &["audit"],
    &["verifier", "observations"],
    &["arbitrary", "cache", "certificate", "hickory", "io", "serde", "snapshot"],
    &["rollout"],
    &["tlsrpt"],
    &["sts"],
    &["txt"],
    &["guard"],
    &["domain", "failure"],
    &["syntax", "hint", "reading"],
    &["escape"],
];

fn layer(module: &str) -> usize {
    LAYERS
        .iter()
        .position(|modules| modules.contains(&module))
        .unwrap_or_else(|| panic!("`{module}` has no layer"))
}

#[test]
fn imports_run_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = 0;
    for file in sources(&src) {
        let path = file.strip_prefix(&src).unwrap().with_extension("");
        let module = path.iter().next().unwrap().to_str().unwrap();
        if module == "lib" {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim_start().starts_with("//") || line.contains("$crate") {
                continue;
            }
            for (at, _) in line.match_indices("crate::") {
                let used = line[at + "crate::".len()..]
                    .split(|c: char| !c.is_ascii_lowercase())
                    .next()
                    .unwrap();
                let allowed = used == module || layer(used) > layer(module);
                assert!(allowed, "{}:{number}: {module} names {used}", file.display());
                found += 1;
            }
        }
    }
    assert!(found > 40, "only {found} imports were seen");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
