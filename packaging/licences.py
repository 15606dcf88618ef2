"""The licences of the libraries in the program, with their texts: `licences.py > FILE`. Texts come from the crates as they were
fetched; each is written once, below all whose text it is."""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

NAMES = ("license", "licence", "copying", "notice", "unlicense")


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments, "--locked"], check=True, capture_output=True, text=True).stdout


def main():
    lines = cargo("tree", "-p", "fanfare", "-e", "normal", "--prefix", "none", "--format", "{p}").splitlines()
    inside = {tuple(line.split()[:2]) for line in lines}
    packages = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    packages = [package for package in packages if (package["name"], "v" + package["version"]) in inside]
    texts, without = defaultdict(list), []
    for package in sorted(packages, key=lambda package: (package["name"], package["version"])):
        if package["source"] is None:
            continue  # What is ours has its licences beside this file.
        label = f"{package['name']} {package['version']} ({package['license']})"
        folder = Path(package["manifest_path"]).parent
        found = sorted(file for file in folder.iterdir() if file.is_file() and file.name.lower().startswith(NAMES))
        for file in found:
            texts[file.read_text(errors="replace").strip()].append(label)
        if not found:
            without.append(label)
    print("The licences of the libraries in the program.")
    if without:
        print("\nThese bring no text of their own; their licences are named, and their texts are below:\n")
        print("\n".join(f"    {label}" for label in without))
    for text, labels in sorted(texts.items(), key=lambda item: item[1]):
        print("\n" + "=" * 80)
        print("\n".join(f"    {label}" for label in dict.fromkeys(labels)))
        print(f"\n{text}")
    print(f"licences: {len(packages)} crates, {len(texts)} texts, {len(without)} without one", file=sys.stderr)


if __name__ == "__main__":
    main()
