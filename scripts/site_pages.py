"""What mkdocs.yml cannot say: the site's pages that live outside docs/, and the list of the claims' pages.

README.md is the front page; README.zh-CN.md and CONTRIBUTING.md keep their names. Links between them and
docs/ work in the repository and on the site. https://www.mkdocs.org/user-guide/configuration/#hooks
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

TOP = Path(__file__).parents[1]
OUTSIDE = {
    "README.md": "index.md",
    "README.zh-CN.md": "README.zh-CN.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
}


def on_config(config: Any) -> Any:
    """Each claim's page becomes a line below the claims."""
    (claims,) = (entry["Claims"] for entry in config.nav if "Claims" in entry)
    claims += [f"claims/{path.name}" for path in sorted((TOP / "docs" / "claims").glob("*.md"))]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Pages from outside docs/, with links as they are from inside."""
    for name, page in OUTSIDE.items():
        text = (TOP / name).read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, page, content=_to_pages(text)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Pages of docs/ link to ../CONTRIBUTING.md, which is one folder nearer on the site."""
    return re.sub(r"\]\(((?:\.\./)*)\.\./CONTRIBUTING\.md", r"](\1CONTRIBUTING.md", markdown)


def _to_pages(text: str) -> str:
    """Links to the README lead to the front page; the licence has no page of its own."""
    text = text.replace("](README.md)", "](index.md)")
    return re.sub(r"\[([^\]]*)\]\(LICENSE\)", r"\1", text)
