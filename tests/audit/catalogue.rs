//! The catalogue in the docs is that of the code.

use std::fs;
use std::path::Path;

use mta_sts::audit::Code;

fn table() -> String {
    let mut table =
        String::from("| code | severity | section | about | what to do |\n|---|---|---|---|---|\n");
    for code in Code::ALL {
        let (title, remedy) = (plain(code.title()), plain(code.remedy()));
        let (severity, section) = (code.severity(), code.section());
        table += &format!("| `{code}` | {severity} | {section} | {title} | {remedy} |\n");
    }
    table
}

/// Names with underscores and brackets as Markdown shows them as they are.
fn plain(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.trim_end_matches([',', ';', '.']);
        let end = &word[bare.len()..];
        match !bare.contains('`') && bare.contains('_') {
            true => format!("`{bare}`{end}"),
            false => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `UPDATE_CATALOGUE=1 cargo test --test audit catalogue` writes the file anew.
#[test]
fn aud_1_the_catalogue_in_the_docs_is_that_of_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/audit/catalogue.md");
    if std::env::var_os("UPDATE_CATALOGUE").is_some() {
        fs::write(&file, table()).unwrap();
    }
    assert!(
        fs::read_to_string(&file).unwrap() == table(),
        "run `UPDATE_CATALOGUE=1 cargo test --test audit catalogue`",
    );
}

#[test]
fn aud_1_each_code_has_its_texts_and_parses_back() {
    for (n, code) in Code::ALL.iter().enumerate() {
        assert_eq!(code.as_str().parse(), Ok(*code));
        assert!(!Code::ALL[..n].contains(code) && Code::ALL[..n].iter().all(|one| one < code));
        assert!(!Code::ALL[..n].iter().any(|one| one.as_str() == code.as_str()), "{code} twice");
        assert!(code.section().starts_with("RFC "), "{code}");
        for text in [code.title(), code.remedy()] {
            assert!(!text.is_empty() && !text.ends_with('.') && !text.contains("  "), "{code}");
        }
        assert!(code.explanation().ends_with('.') && !code.explanation().contains("  "), "{code}");
    }
    assert_eq!(
        "sts.x\u{1b}".parse::<Code>().unwrap_err().to_string(),
        "expected a code of the catalogue, found `sts.x\\u{1b}`",
    );
}
