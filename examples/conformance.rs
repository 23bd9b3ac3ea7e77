//! Runs conformance vectors and says which cases fail.
//!
//! ```text
//! cargo run --example conformance --features full -- FILE...
//! ```
//!
//! The files have the format described in `tests/vectors/README.md`, so that other
//! implementations can be held against the same cases. Without a file, the
//! project's own are run. Prints a line per failing case (file, name, expected,
//! got), then `N passed, M failed`.
//!
//! Exit status: 0 if all pass, 1 if a case fails, 2 if a file cannot be read or is
//! no vector file.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "counts of cases")]

#[path = "../tests/support/vectors.rs"]
mod vectors;

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> ExitCode {
    let mut files: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    if files.iter().any(|file| file.as_os_str() == "--help") {
        println!(
            "Usage: conformance [FILE...]\n\nRuns vector files, by default tests/vectors/*.json."
        );
        return ExitCode::SUCCESS;
    }
    if files.is_empty() {
        files = match own_files() {
            Ok(files) => files,
            Err(error) => {
                eprintln!("tests/vectors: {error}");
                return ExitCode::from(2);
            }
        };
    }
    let (mut passed, mut failed, mut unreadable) = (0, 0, 0);
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| error.to_string());
        match text.and_then(|text| vectors::run(&text)) {
            Ok(outcome) => {
                passed += outcome.passed;
                failed += outcome.failures.len();
                for failure in outcome.failures {
                    println!("{}: {failure}", file.display());
                }
            }
            Err(error) => {
                unreadable += 1;
                eprintln!("{}: {error}", file.display());
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    match (unreadable, failed) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(1),
        _ => ExitCode::from(2),
    }
}

fn own_files() -> io::Result<Vec<PathBuf>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}
