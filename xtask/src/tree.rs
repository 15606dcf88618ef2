//! The tree as the checks see it: its files, and its packages with what they depend on.

use crate::rust::Rust;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Everything the checks look at.
#[derive(Debug, Default)]
pub struct Tree {
    /// The packages of the workspace.
    pub packages: Vec<Package>,
    /// Every text file that git tracks or would track.
    pub files: Vec<File>,
}

/// A text file.
#[derive(Debug)]
pub struct File {
    /// From the root of the tree, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
    /// Its tokens, when it is a Rust file; else empty.
    pub rust: Rust,
}

/// A package of the workspace.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder, from the root of the tree.
    pub folder: String,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
}

/// A dependency of a package.
#[derive(Debug)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Whether only tests use it.
    pub dev: bool,
}

impl Tree {
    /// Reads the tree below a folder.
    pub fn read(root: &Path) -> Result<Tree, String> {
        let listing = output(root, "git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        let mut files = Vec::new();
        for path in listing.split('\0').filter(|path| !path.is_empty()) {
            // A file that is gone but not yet committed as gone cannot be read; a picture is not text.
            if let Ok(text) = std::fs::read_to_string(root.join(path)) {
                files.push(File::new(path, &text)?);
            }
        }
        let metadata = output(root, "cargo", &["metadata", "--no-deps", "--format-version", "1"])?;
        Ok(Tree { packages: packages(&metadata)?, files })
    }

    /// The Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The Rust files below a folder, each with its path from there.
    pub fn rust_below(&self, folder: &str) -> impl Iterator<Item = (&str, &File)> {
        let prefix = format!("{folder}/");
        self.rust().filter_map(move |file| Some((file.path.strip_prefix(&prefix)?, file)))
    }

    /// Where a package's manifest names a dependency.
    pub fn manifest_line(&self, package: &Package, dependency: &str) -> (String, usize) {
        let path = format!("{}/Cargo.toml", package.folder);
        let manifest = self.files.iter().find(|file| file.path == path);
        let names = |line: &str| {
            let rest = line.strip_prefix(dependency);
            rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
        };
        let line = manifest.and_then(|file| file.text.lines().position(names));
        (path, line.map_or(1, |index| index + 1))
    }
}

impl File {
    /// A file of this path and text.
    pub fn new(path: &str, text: &str) -> Result<File, String> {
        let rust = if path.ends_with(".rs") { Rust::parse(text) } else { Ok(Rust::default()) };
        let rust = rust.map_err(|error| format!("{path}: {error}"))?;
        Ok(File { path: path.into(), text: text.into(), rust })
    }
}

fn output(root: &Path, program: &str, arguments: &[&str]) -> Result<String, String> {
    let result = Command::new(program).args(arguments).current_dir(root).output();
    let result = result.map_err(|error| format!("{program} could not be started: {error}"))?;
    if !result.status.success() {
        let said = String::from_utf8_lossy(&result.stderr);
        return Err(format!("{program} {}: {}", arguments.join(" "), said.trim()));
    }
    String::from_utf8(result.stdout)
        .map_err(|_| format!("{program} answered with something that is not UTF-8"))
}

fn packages(metadata: &str) -> Result<Vec<Package>, String> {
    let metadata: Value =
        serde_json::from_str(metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let root = text(&metadata["workspace_root"]);
    let list = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    let package = |value: &Value| {
        let manifest = text(&value["manifest_path"]);
        let inside = manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches('/');
        let dependencies = value["dependencies"].as_array().into_iter().flatten().map(|dependency| {
            Dependency { name: text(&dependency["name"]).into(), dev: dependency["kind"] == "dev" }
        });
        Package {
            name: text(&value["name"]).into(),
            folder: inside.trim_end_matches("Cargo.toml").trim_end_matches('/').into(),
            dependencies: dependencies.collect(),
        }
    };
    Ok(list.iter().map(package).collect())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_gives_packages_folders_and_kinds() {
        let found = packages(
            r#"{"workspace_root": "/here", "packages": [{"name": "a", "manifest_path": "/here/crates/a/Cargo.toml",
            "dependencies": [{"name": "b", "kind": null}, {"name": "c", "kind": "dev"}]}]}"#,
        );
        let found = found.unwrap();
        assert_eq!((&*found[0].name, &*found[0].folder), ("a", "crates/a"));
        let kinds: Vec<_> = found[0].dependencies.iter().map(|found| (&*found.name, found.dev)).collect();
        assert_eq!(kinds, [("b", false), ("c", true)]);
    }

    #[test]
    fn a_dependency_is_found_in_its_manifest() {
        let file =
            File::new("crates/a/Cargo.toml", "[dependencies]\nbytes-more = \"1\"\nbytes.workspace = true\n");
        let tree = Tree { files: vec![file.unwrap()], packages: Vec::new() };
        let package = Package { name: "a".into(), folder: "crates/a".into(), dependencies: Vec::new() };
        assert_eq!(tree.manifest_line(&package, "bytes"), ("crates/a/Cargo.toml".into(), 3));
    }
}
