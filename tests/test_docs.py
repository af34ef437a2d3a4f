"""Every Python block of the README and the user guide runs, and prints what the page says it prints."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from _docs import blocks, examples, run_examples, write_annotations, write_photos

ROOT = Path(__file__).resolve().parent.parent
GUIDE = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *GUIDE]
WITH_EXAMPLES = [*PAGES[:2], *(ROOT / "docs" / "user_guide").glob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page, tmp_path, monkeypatch, capsys):
    write_photos(tmp_path)
    write_annotations(tmp_path)
    monkeypatch.chdir(tmp_path)
    ran = run_examples(page, lambda: capsys.readouterr().out)
    assert ran or page not in WITH_EXAMPLES, "a page of the guide without an example"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    local = [target for target in targets if "://" not in target]
    missing = [target for target in local if not (page.parent / target).exists()]
    assert not missing


def test_the_chinese_page_has_the_same_code():
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))

    def code(page):
        return [ast.dump(ast.parse(b.code)) if b.language == "python" else b.code for b in blocks(page)]

    assert code(english) == code(chinese)
    assert len(re.findall("^## ", english, re.M)) == len(re.findall("^## ", chinese, re.M))


def page(tmp_path, text):
    path = tmp_path / "page.md"
    path.write_text(text)
    return path


def test_a_block_that_fails_is_found_at_its_line(tmp_path):
    path = page(tmp_path, "# Page\n\n```python\nx = 1\n```\n\n```python\nx / 0\n```\n")
    with pytest.raises(ZeroDivisionError) as error:
        run_examples(path, lambda: "")
    assert (error.traceback[-1].lineno + 1, error.traceback[-1].path) == (8, path)


def test_a_wrong_output_is_found(tmp_path, capsys):
    text = "```python\nprint(2)\n```\n\n```text\n{}\n```\n"
    assert run_examples(page(tmp_path, text.format(2)), lambda: capsys.readouterr().out) == 1
    with pytest.raises(AssertionError, match="printed\n2"):
        run_examples(page(tmp_path, text.format(3)), lambda: capsys.readouterr().out)


def test_text_that_does_not_follow_at_once_is_no_output():
    ((_, expected),) = examples("```python\nprint(2)\n```\nSome words.\n```text\n3\n```\n")
    assert expected is None
