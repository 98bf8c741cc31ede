"""Lists of a unit from candidates to files: who stands where, in which form, and what is told."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Mapping
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from tests.support.lists import entry_of, head_of, keys_in, people, record_list

from workbench.errors import PublishError
from workbench.files import canonical, digest_of_file
from workbench.suite.contacts.chance import drawn
from workbench.suite.contacts.edition import settled_lists
from workbench.suite.contacts.page import contacts_page
from workbench.suite.contacts.places import files_of, missing_files, tidy
from workbench.suite.contacts.policy import Policy
from workbench.suite.contacts.settling import OUTCOMES
from workbench.suite.contacts.told import HIDDEN, tell_counts, tell_worth
from workbench.suite.contacts.unit import settle_unit
from workbench.suite.contacts.words import policy_words, summary
from workbench.suite.watch import schema

KEYS = [f"C{number:03d}" for number in range(60)]
POLICY = Policy(("b.thanks", "x.gone"), cap=1, period_days=30, control_share=0.2, is_declared=True)


def touchpoints(path: Path, contacted: Mapping[str, str]) -> Path:
    """Write a table of contacts made: customer -> day."""
    rows = pd.DataFrame(
        {
            "customer_id": list(contacted),
            "touched_at": [datetime.fromisoformat(day) for day in contacted.values()],
        }
    )
    assert len(rows)
    duckdb.sql(f"COPY (SELECT * FROM rows) TO '{path}' (FORMAT parquet)")
    return path


def put(actions: Path, entries: list[Any], head: dict[str, Any], touched: Path | None) -> Any:
    settled = settle_unit(head, entries, actions, touched)
    settled.put(actions)
    settled.discard()
    return settled.document


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Return a unit's folder with two lists of two reports settled, and what is told of them."""
    actions = tmp_path_factory.mktemp("unit") / "actions"
    calls = people(KEYS[:40], consent=[True] * 30 + [False] * 5 + [None] * 5)
    thanks = people(reversed(KEYS[20:]), margin=[4.0] * 39 + [None])
    entries = [
        entry_of("a", [record_list(actions, "a", calls, "calls")]),
        entry_of("b", [record_list(actions, "b", thanks, "thanks", holdout_share=0.3)], 2),
    ]
    days = {
        "C050": "2025-06-30 23:59:00",
        "C051": "2025-06-01 00:00:00",
        "C052": "2025-05-31 23:59:00",
        "C053": "2025-07-01 00:00:00",
    }
    return actions, put(
        actions, entries, head_of(POLICY), touchpoints(actions.parent / "touched.parquet", days)
    )


def by_id(document: Any) -> dict[str, Any]:
    return {one["id"]: one for one in document["lists"]}


def test_who_stands_on_which_list(made: tuple[Path, Any]) -> None:
    actions, document = made
    lists = {
        name: keys_in(actions / f"{name}.csv") for name in ("calls", "thanks", "thanks.holdout")
    }
    everywhere = [key for keys in lists.values() for key in keys]
    assert len(everywhere) == len(set(everywhere)), "nobody stands on two lists"
    refused = set(KEYS[30:40])
    assert not refused & set(lists["calls"]), "without consent nobody is on a list"
    # The period is the 30 days up to the day itself: neither before it nor after it.
    assert not {"C050", "C051"} & set(everywhere)
    counts = by_id(document)["thanks"]["counts"]
    assert counts["contacted_lately"]["customers"] == 2 - _in_control(document, ["C050", "C051"])
    assert lists["thanks"] == sorted(lists["thanks"], reverse=True), "in the report's order"
    for name, keys in lists.items():
        stem, _, held = name.partition(".")
        told = by_id(document)[stem]["counts"]["held_out" if held else "contact"]
        assert told == {"customers": len(keys), "display": str(len(keys))}


def _in_control(document: Any, keys: list[str]) -> int:
    share = document["policy"]["control_share"]
    return sum(drawn(keys, share=share, seed=1, what_for="global control group"))


def test_received_is_contacted_plus_held_out_plus_withheld(made: tuple[Path, Any]) -> None:
    _, document = made
    for one in document["lists"]:
        assert sum(one["counts"][name]["customers"] for name in OUTCOMES) == one["received"] == 40
    assert document["all"]["received"] == 80
    assert document["named_but_not_made"] == ["x.gone"]
    assert [one["name"] for one in document["lists"]] == ["b.thanks", "a.calls"]
    calls = by_id(document)["calls"]
    assert calls["counts"]["no_consent"]["customers"] == 10
    assert calls["value"] == 10 * calls["counts"]["contact"]["customers"]
    assert calls["margin"] == 4 * calls["counts"]["contact"]["customers"]
    assert document["all"]["value"] == sum(one["value"] for one in document["lists"])


def test_files_are_the_owners_alone_and_what_the_document_says(made: tuple[Path, Any]) -> None:
    actions, document = made
    told = dict(files_of(document))
    there = {
        path.relative_to(actions).as_posix(): path
        for path in actions.rglob("*")
        if path.is_file() and "candidates" not in path.parts
    }
    assert set(there) == set(told)
    for name, digest in told.items():
        assert digest_of_file(there[name]) == digest
        assert stat.S_IMODE(there[name].stat().st_mode) == 0o600
    for folder in (actions, *(path for path in actions.rglob("*") if path.is_dir())):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_csv_and_parquet_hold_the_same_rows_with_types(made: tuple[Path, Any]) -> None:
    actions, _ = made
    for name in ("calls", "thanks", "thanks.holdout"):
        rows = pq.read_table(actions / f"{name}.parquet")
        with (actions / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file))
        assert rows.column_names == lines[0]
        assert rows.column_names == ["customer_id", "value", "reason", "channel", "margin"]
        assert pd.api.types.is_float_dtype(rows["value"].to_pandas().dtype)
        texts = [["" if v is None else str(v) for v in row.values()] for row in rows.to_pylist()]
        assert texts == lines[1:]


def test_the_archive_tells_both_arms(made: tuple[Path, Any]) -> None:
    actions, document = made
    name = by_id(document)["thanks"]["files"]["earlier"]["file"]
    assert name == "earlier/2025-06-30/b.thanks.parquet"
    rows = pq.read_table(actions / name).to_pandas()
    assert rows.columns.tolist() == ["customer_id", "arm", "value", "margin", "shown"]
    assert rows["shown"].all(), "both numbers are on the page"
    for arm, file in (("contact", "thanks.csv"), ("held out", "thanks.holdout.csv")):
        assert rows.loc[rows["arm"] == arm, "customer_id"].tolist() == keys_in(actions / file)


@pytest.mark.parametrize(("refused", "shown"), [(0, True), (3, False)])
def test_the_archive_tells_whether_its_size_may_be_shown(
    tmp_path: Path, refused: int, shown: bool
) -> None:
    # Of 60 who qualify, the few who refused follow from the others: the page hides those, too.
    frame = people(KEYS[:60]).assign(consent=[False] * refused + [True] * (60 - refused))
    record = record_list(tmp_path, "a", frame, "calls", min_group=5)
    document = put(tmp_path, [entry_of("a", [record])], head_of(min_group=5), None)
    assert (by_id(document)["calls"]["counts"]["contact"]["customers"] is not None) is shown
    rows = pq.read_table(tmp_path / "earlier" / "2025-06-30" / "a.calls.parquet").to_pandas()
    assert set(rows["shown"]) == {shown}


def test_the_document_fits_its_schema_and_the_page_says_it(made: tuple[Path, Any]) -> None:
    _, document = made
    plain = json.loads(canonical(document))
    jsonschema.validate(
        plain, schema("contacts"), Draft202012Validator, format_checker=FormatChecker()
    )
    page = contacts_page(document, portal_href="../../index.html").decode()
    assert page == contacts_page(plain, portal_href="../../index.html").decode()
    for text in ("Who is contacted, and who is not", 'href="a.html"', "List thanks", "x.gone"):
        assert text in page
    assert not any(key in page or key in json.dumps(plain) for key in KEYS)


def test_the_same_again_is_the_same_to_the_last_byte(tmp_path: Path) -> None:
    documents = []
    for name in ("one", "two"):
        actions = tmp_path / name
        records = [record_list(actions, "a", people(KEYS), id, holdout_share=0.1) for id in "pq"]
        documents.append(put(actions, [entry_of("a", records)], head_of(POLICY), None))
    assert documents[0] == documents[1]


def test_hostile_texts_are_harmless_in_csv_and_whole_in_parquet(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "plain"]
    frame = people([f"{text}{n}" for n, text in enumerate(texts)], reason=texts, value=-5.0)
    record = record_list(tmp_path, "a", frame, "one")
    put(tmp_path, [entry_of("a", [record])], head_of(), None)
    with (tmp_path / "one.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    assert [row[0][0] for row in rows[:6]] == ["'"] * 6
    assert [row[2][0] for row in rows[:6]] == ["'"] * 6
    assert {row[1] for row in rows} == {"-5.0"}, "numbers stay numbers"
    assert pq.read_table(tmp_path / "one.parquet")["reason"].to_pylist() == texts


def test_two_reports_may_call_a_list_the_same(tmp_path: Path) -> None:
    entries = [
        entry_of(name, [record_list(tmp_path, name, people([name.upper()]), "calls")])
        for name in ("a", "b")
    ]
    document = put(tmp_path, entries, head_of(), None)
    assert keys_in(tmp_path / "a.calls.csv") == ["A"]
    assert keys_in(tmp_path / "b.calls.csv") == ["B"]
    assert not (tmp_path / "calls.csv").exists()
    jsonschema.validate(json.loads(canonical(document)), schema("contacts"))


def test_candidates_that_changed_are_refused(tmp_path: Path) -> None:
    record = record_list(tmp_path, "a", people(["A"]), "calls")
    record_list(tmp_path, "a", people(["B"]), "calls")
    with pytest.raises(PublishError, match="not those that the report recorded"):
        settle_unit(head_of(), [entry_of("a", [record])], tmp_path, None)


def test_what_is_no_list_any_more_is_removed(tmp_path: Path) -> None:
    records = [record_list(tmp_path, "a", people(["A"]), id, holdout_share=0.5) for id in "pq"]
    before = put(tmp_path, [entry_of("a", records)], head_of(), None)
    other = tmp_path / "earlier" / "2025-05-31" / "q.parquet"
    other.parent.mkdir()
    other.write_bytes(b"of another day")
    (tmp_path / "mine.csv").write_text("left alone")
    after = put(tmp_path, [entry_of("a", records[:1])], head_of(), None)
    kept = {name for name, _ in files_of(after)}
    tidy(tmp_path, kept, before, {("a", "p.parquet")}, "2025-06-30")
    there = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert there == kept | {
        "candidates/a/p.parquet",
        "earlier/2025-05-31/q.parquet",
        "mine.csv",
    }
    edition = tmp_path / "edition"
    edition.mkdir()
    (edition / "contacts.json").write_bytes(canonical(after))
    assert missing_files(tmp_path, edition) == []
    (tmp_path / "p.csv").write_text("another")
    (tmp_path / "p.holdout.parquet").unlink()
    assert sorted(missing_files(tmp_path, edition)) == ["p.csv", "p.holdout.parquet"]


def test_without_consent_in_the_data_nobody_is_contacted(tmp_path: Path) -> None:
    record = record_list(tmp_path, "a", people(KEYS), "calls", consent=None)
    document = put(tmp_path, [entry_of("a", [record])], head_of(), None)
    assert keys_in(tmp_path / "calls.csv") == []
    said = " ".join(summary(document))
    assert "0 customers are contacted by 1 list." in said
    assert "60 qualify and are kept back: 60 did not agree to marketing." in said
    assert "the data do not say who agreed to marketing" in said


def test_the_words_say_the_policy_in_force(made: tuple[Path, Any]) -> None:
    _, document = made
    said = " ".join(policy_words(document))
    assert "at most once in 30 days" in said
    assert "20.0% of all customers" in said
    assert "List thanks, then List calls" in said
    house = {**document, "policy": Policy(cap=3).to_json(), "touchpoints": False}
    said = " ".join(policy_words(house))
    assert "at most 3 times" in said
    assert "no control group" in said
    assert "the house's own holds" in said
    assert "do not count" in said


def recorded(own: Mapping[str, int], smallest: int, *, hidden: bool) -> dict[str, Any]:
    """Return what a report tells of a list, as `action_list` does."""
    many, refused = sum(own.values()), own["no_consent"]
    secret = bool(many) and (hidden or many < smallest)
    split = secret or any(0 < one < smallest for one in (refused, many - refused))
    return {
        "customers": None if secret else many,
        "no_consent": None if split else refused,
        "unit": "GBP",
        "margin": None,
    }


ON = [name for name in OUTCOMES if name != "no_consent"]


@st.composite
def overlapping(draw: st.DrawFn) -> tuple[list[dict[str, int]], dict[Any, int], list[bool]]:
    """Return the numbers of some lists, of customers by what became of them on each, and hiding."""
    many = draw(st.integers(1, 3))
    fates = st.tuples(*[st.sampled_from([None, *ON])] * many).filter(any)
    joint = draw(st.dictionaries(fates, st.integers(1, 9), max_size=8))
    counts = []
    for place in range(many):
        own = {name: sum(n for f, n in joint.items() if f[place] == name) for name in ON}
        counts.append({"no_consent": draw(st.integers(0, 12)), **own})
    return counts, joint, draw(st.lists(st.booleans(), min_size=many, max_size=many))


@given(overlapping(), st.integers(2, 5))
def test_no_few_can_be_computed_from_what_is_told(lists, smallest) -> None:
    counts, joint, out = lists
    records = [recorded(own, smallest, hidden=o) for own, o in zip(counts, out, strict=True)]
    told, sums = tell_counts(counts, joint, records, smallest)
    atoms = list(joint)
    # Who agreed, by what became of them on each list; then who did not, list by list.
    truth = np.array([*joint.values(), *(own["no_consent"] for own in counts)], dtype=float)

    def group(place: int, name: str) -> np.ndarray:
        row = np.zeros(len(truth))
        if name == "no_consent":
            row[len(atoms) + place] = 1
        else:
            row[: len(atoms)] = [fates[place] == name for fates in atoms]
        return row

    open_ = [place for place, one in enumerate(records) if one["customers"] is not None]
    cells = {(p, name): group(p, name) for p in range(len(counts)) for name in OUTCOMES}
    shown, given_away = [], []
    for place, (record, own) in enumerate(zip(records, told, strict=True)):
        everyone = sum(cells[place, name] for name in OUTCOMES)
        given_away.append((everyone, record["customers"]))
        given_away.append((cells[place, "no_consent"], record["no_consent"]))
        shown += [(cells[place, name], own[name]["customers"]) for name in OUTCOMES]
    shown += [(sum(cells[p, name] for p in open_), sums[name]["customers"]) for name in OUTCOMES]
    given_away = [pair for pair in given_away if pair[1] is not None]
    shown = [pair for pair in shown if pair[1] is not None and open_]
    for row, value in (*given_away, *shown):
        assert row @ truth == value, "what is told is true"
    secrets = [cells[key] for key in cells if key[0] in open_]
    for one, other in product(open_, open_):
        taken = cells[one, "contact"] + cells[one, "held_out"]
        absent = np.array([fates[other] is None for fates in atoms] + [False] * len(counts))
        if one != other and not computable(taken * absent, given_away):
            secrets += [taken * absent, taken * ~absent]
    for secret in secrets:
        if 0 < secret @ truth < smallest and not computable(secret, given_away):
            assert not computable(secret, [*given_away, *shown]), "a small group can be computed"


def computable(secret: np.ndarray, told: list[Any]) -> bool:
    """Return whether a number follows from others, for those who know which groups there are."""
    if not told:
        return False
    # Nobody is in an empty group, and groups that always go together are one.
    known = np.array([row for row, _ in told])
    parts = np.linalg.lstsq(known.T, secret, rcond=None)[0]
    return bool(np.abs(known.T @ parts - secret).max() < 1e-6)


def alone(own: Mapping[str, int]) -> dict[Any, int]:
    return {(name,): own[name] for name in ON if own[name]}


def test_who_is_on_one_of_two_lists_is_not_told_by_a_difference() -> None:
    # 20 have a place on the first list; 17 of them would be on the second, 3 would not.
    joint = {("contact", "higher_priority"): 17, ("contact", None): 3, (None, "contact"): 30}
    first = dict.fromkeys(OUTCOMES, 0) | {"contact": 20}
    second = dict.fromkeys(OUTCOMES, 0) | {"contact": 30, "higher_priority": 17}
    records = [recorded(one, 5, hidden=False) for one in (first, second)]
    told, _ = tell_counts([first, second], joint, records, 5)
    assert told[0]["contact"]["customers"] == 20, "all who qualify: shown by the report"
    assert told[1]["higher_priority"] == {"customers": None, "display": HIDDEN}


def test_nothing_is_hidden_that_need_not_be() -> None:
    own = dict(zip(OUTCOMES, (50, 6, 20, 0, 7, 0), strict=True))
    told, sums = tell_counts([own], alone(own), [recorded(own, 5, hidden=False)], 5)
    assert {name: cell["customers"] for name, cell in told[0].items()} == own
    assert {name: cell["customers"] for name, cell in sums.items()} == own
    few = own | {"held_out": 2}
    told, _ = tell_counts([few], alone(few), [recorded(few, 5, hidden=False)], 5)
    assert told[0]["held_out"] == {"customers": None, "display": "fewer than 5"}
    assert [name for name in OUTCOMES if told[0][name]["display"] == HIDDEN] == ["contacted_lately"]


@pytest.mark.parametrize(
    ("known", "of_all", "wanted"),
    [
        (40, {"margin": 9.0, "margin_missing": 0, "customers": 60}, (5.0, None)),
        (42, {"margin": 9.0, "margin_missing": 0, "customers": 45}, (None, None)),  # 3 are left
        (42, {"margin": 9.0, "margin_missing": None, "customers": 45}, (None, None)),
        (42, {"margin": None, "margin_missing": None, "customers": 45}, (5.0, 0)),
        (3, {"margin": None, "margin_missing": None, "customers": 45}, (None, None)),
        (30, {"margin": 9.0, "margin_missing": 12, "customers": 60}, (5.0, 12)),
    ],
)
def test_no_margin_of_few_follows_from_two_margins(
    known: int, of_all: dict[str, Any], wanted: tuple[float | None, int | None]
) -> None:
    worth = {"value": 8.0, "margin": 5.0, "with_margin": known}
    told = tell_worth(worth, {"customers": 42}, {"unit": "GBP", **of_all}, 5)
    assert (told["margin"], told["margin_missing"]) == wanted
    assert told["value"] == 8.0
    hidden = tell_worth(worth, {"customers": None}, {"unit": "GBP", **of_all}, 5)
    assert set(hidden.values()) == {None}


def test_numbers_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    record = record_list(tmp_path, "a", people(KEYS), "calls")
    wrong = [entry_of("a", [{**record, "customers": 61}])]
    with (
        pytest.raises(PublishError, match="61 customers qualify and 60 are contacted"),
        settled_lists(head_of(), wrong, tmp_path, None),
    ):
        pytest.fail("nothing is published")
    assert [path.name for path in tmp_path.iterdir()] == ["candidates"], "nothing half made stays"


def test_a_disk_that_refuses_is_told_with_what_to_do(tmp_path: Path) -> None:
    record = record_list(tmp_path, "a", people(KEYS), "calls")
    (tmp_path / "earlier").write_text("a file in the folder's place")
    with (
        pytest.raises(PublishError, match="could not be written") as caught,
        settled_lists(head_of(), [entry_of("a", [record])], tmp_path, None) as lists,
    ):
        lists.put(None)
    assert "run again" in str(caught.value)
    assert not list(tmp_path.glob(".*"))
