"""What patients read is there in both languages, and compiled from what is written."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

from bhi.web.catalog import CatalogUnreadable, compiled, entries

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
CATALOGS = sorted(Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/django.po"))
# Sentences that code says to patients, by the module that says them.
SPEAKERS = ("registry/forms/self_reports.py", "registry/views/patient_answers.py", "registry/operations/messages")


def of_templates() -> set[str]:
    """What templates say by themselves; words of lists that they translate are in the code."""
    found: set[str] = set()
    for file in TEMPLATES.rglob("*"):
        if not file.is_file() or " i18n" not in file.read_text(encoding="utf-8"):
            continue
        nodes = get_template(str(file.relative_to(TEMPLATES))).template.nodelist
        found |= {node.filter_expression.var.literal or "" for node in nodes.get_nodes_by_type(TranslateNode)}
        for node in nodes.get_nodes_by_type(BlockTranslateNode):
            parts = [node.render_token_list(part)[0] for part in (node.singular, node.plural) if part]
            found.add("\0".join(part.replace("\n", " ").strip() for part in parts))
    return {str(text) for text in found} - {""}


def of_code() -> set[str]:
    files = [
        file for name in SPEAKERS for file in ([ROOT / name] if name.endswith(".py") else (ROOT / name).glob("*.py"))
    ]
    calls = re.compile(r'\b(?:gettext|_)\(\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
    return {text for file in files for text in calls.findall(file.read_text(encoding="utf-8"))}


def of_lists() -> set[str]:
    """Every text of the registry's rules, of which templates translate some."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in (ROOT / "registry" / "rules").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.parametrize("po", CATALOGS, ids=lambda po: po.parts[-3])
def test_every_sentence_is_translated_and_none_is_left_over(po):
    known = set(entries(po.read_text(encoding="utf-8"))) - {""}
    said = of_templates() | of_code()
    assert said - known == set()
    assert known - said - of_lists() == set()


@pytest.mark.parametrize("po", CATALOGS, ids=lambda po: po.parts[-3])
def test_the_compiled_catalog_is_fresh(po):
    text = po.read_text(encoding="utf-8")
    assert po.with_suffix(".mo").read_bytes() == compiled(text), "./dev manage compile_catalogs"
    with po.with_suffix(".mo").open("rb") as file:
        read = gettext.GNUTranslations(file)
    assert read.gettext("Go on") == "Continuar"
    assert read.ngettext("You left one out.", "You left %(left)s out.", 3) == "Dejó %(left)s sin responder."


def test_placeholders_are_the_same_in_both_languages():
    for po in CATALOGS:
        for original, text in entries(po.read_text(encoding="utf-8")).items():
            forms = text.split("\0")
            assert set(re.findall(r"%\(\w+\)s", original)) == set(re.findall(r"%\(\w+\)s", forms[-1])), original


def test_there_are_catalogs():
    assert [po.parts[-3] for po in CATALOGS] == ["es"]


def test_a_catalog_that_says_something_else_is_refused():
    with pytest.raises(CatalogUnreadable, match="line 2"):
        entries('msgid "a"\nmsgctxt "b"\nmsgstr "c"\n')


def test_what_is_not_translated_is_left_out():
    assert entries('msgid "a"\nmsgstr ""\n\n# word\nmsgid "b"\nmsgstr "c"\n"d"\n') == {"b": "cd"}
