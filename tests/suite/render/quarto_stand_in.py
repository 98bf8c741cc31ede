"""Stands in for Quarto in the tests: refuses a wrong call, then lays the notebook out as it would.

It knows what was measured with a real one (the order of attributes varies, scripts and styles are
added, shortcodes print variables) and nothing more.
"""

import json
import os
import re
import sys
import time
from pathlib import Path

ALLOWED = {
    "PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "LANG", "LC_ALL", "TZ",
    "NO_COLOR", "DENO_NO_UPDATE_CHECK", "LC_CTYPE", "PWD", "SHLVL", "_",
}  # fmt: skip
CALL = [
    "render", "report.ipynb", "--to", "html", "--no-execute", "--output", "report.html",
    "--quiet", "--log", "quarto.log", "--log-format", "json-stream",
]  # fmt: skip


def log(*entries: tuple[str, str]) -> None:
    lines = [json.dumps({"levelName": level, "msg": message}) for level, message in entries]
    Path("quarto.log").write_text("\n\n".join([*lines, "not json\n"]))


def refuse(why: str) -> None:
    log(("ERROR", f"\x1b[31m{why}\x1b[0m in {Path.cwd()}\n\nStack trace:\n    at f (/opt/q.js)"))
    sys.exit(1)


def shown(text: str) -> str:
    """Words as Quarto shows them: raw HTML alone, for a shortcode in Markdown would be run."""
    raw = re.fullmatch(r"`([^`\n]+)`\{=html\}", text)
    if not raw:
        refuse(f"words that are Markdown: {text[:80]}")
    return raw[1]


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        print("1.10.18")
        return
    mode = Path(__file__).with_name("mode")
    what = mode.read_text() if mode.exists() else ""
    if what == "hang":
        time.sleep(60)
    if what == "fail":
        refuse("YAML is wrong")
    if what == "filter":
        log(
            ("INFO", "pandoc --output report.html"),
            ("INFO", "to: html\n"),
            ("INFO", "metadata"),
            ("INFO", "title: T\n"),
            ("INFO", "Error running filter /opt/quarto/main.lua:\nnil\nstack traceback:\n\tf"),
            ("WARN", "Error encountered when rendering files"),
        )
        sys.exit(1)
    if what == "nothing":
        return
    if sys.argv[1:] != CALL:
        refuse(f"called with {sys.argv[1:]}")
    if set(os.environ) - ALLOWED:
        refuse(f"environment holds {sorted(set(os.environ) - ALLOWED)}")
    if sorted(path.name for path in Path().iterdir()) != ["report.ipynb"]:
        refuse("the folder is not its own")
    cells = json.loads(Path("report.ipynb").read_text())["cells"]
    if any(cell["cell_type"] == "code" for cell in cells):
        refuse("there is code to run")
    front = "".join(cells[0]["source"]).splitlines()
    if cells[0]["cell_type"] != "raw" or front[0] != "---" or front[-1] != "---":
        refuse("no front matter")
    facts = dict(line.split(": ", 1) for line in front[1:-1])
    if json.loads(facts["format"])["html"]["embed-resources"]:
        refuse("what is embedded is read as Markdown once more")
    body = []
    for cell in cells[1:]:
        source = "".join(cell["source"])
        if "{{<" in source:
            refuse("a shortcode is left")
        raw = re.fullmatch(r"(`{3,})\{=html\}\n(.*)\n\1", source, re.DOTALL)
        heading = re.fullmatch(r"(#+) (.*) \{#([a-z0-9-]+)\}", source)
        if raw and raw[1] not in raw[2]:
            body.append(raw[2])
        elif heading and "\n" not in source:
            level = len(heading[1])
            body.append(
                f'<section id="{heading[3]}" class="level{level}">\n<h{level} class="anchored">'
                f"{shown(heading[2])}</h{level}>\n</section>"
            )
        else:
            refuse(f"a cell that is neither: {source[:80]}")
    title = shown(json.loads(facts["title"]))
    extra = ['data-a="1"', 'data-b="2"']
    if os.getpid() % 2:
        extra.reverse()
    Path("report.html").write_text(
        f"""<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang={facts["lang"]} xml:lang={facts["lang"]}><head>
<meta charset="utf-8">
<meta name="generator" content="quarto-1.10.18">
<title>{shown(json.loads(facts["pagetitle"]))}</title>
<style>body {{ color: red }}</style>
<link href="data:text/css,body%7B%7D" rel="stylesheet">
<script src="data:text/javascript,alert(1)"></script>
</head><body class="fullcontent">
<!-- a comment -->
<div id="quarto-content" {" ".join(extra)}>
<main class="content" id="quarto-document-content">
<header id="title-block-header"><h1 class="title">{title}</h1></header>
{chr(10).join(body)}
</main></div>
<script>window.x = "<b>";</script>
</body></html>
""",
        encoding="utf-8",
    )


main()
