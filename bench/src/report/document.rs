//! Tables in `docs/performance.md`: between `<!-- bench: NAME -->` and `<!-- end -->` stands what the run of this name
//! found last; all else is written by hand.

use super::{Report, machine};
use crate::outcome::Result;
use std::fs;
use std::path::Path;

/// Puts a report's table in its place.
pub fn write(report: &Report, command: &str, file: &Path) -> Result<()> {
    let text = fs::read_to_string(file)?;
    let table = format!("{}\nOn {}.\n", report.markdown(command), machine());
    let text = placed(&text, report.run, &table)
        .ok_or_else(|| format!("{} has no place for <!-- bench: {} -->", file.display(), report.run))?;
    Ok(fs::write(file, text)?)
}

fn placed(text: &str, name: &str, table: &str) -> Option<String> {
    let mark = format!("<!-- bench: {name} -->\n");
    let start = text.find(&mark)? + mark.len();
    let end = start + text[start..].find("<!-- end -->")?;
    Some(format!("{}\n{table}\n{}", &text[..start], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_of_this_name_changes() {
        let text = "a\n<!-- bench: x -->\nold\n<!-- end -->\nb\n<!-- bench: y -->\n<!-- end -->\n";
        let expected = "a\n<!-- bench: x -->\n\nnew\n\n<!-- end -->\nb\n<!-- bench: y -->\n<!-- end -->\n";
        assert_eq!(placed(text, "x", "new\n").unwrap(), expected);
        assert_eq!(placed(&placed(text, "x", "old\n").unwrap(), "x", "new\n").unwrap(), expected);
        assert!(placed(text, "z", "new\n").is_none());
    }
}
