"""Metrics and dimensions of the users' own: what is let in, what is refused, and that all count alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.messages import payload
from tests.metrics.test_day_cube import same
from tests.ui.known import save
from workbench import UnknownName, Workbench
from workbench.lake import Lake
from workbench.lake.empty_lake import FACT_COLUMNS
from workbench.metrics import DIMENSIONS, METRICS, DayCube, query_metric
from workbench.metrics.own.current import look_again, use_own_metrics
from workbench.metrics.own.definition_files import OwnDefinitions
from workbench.metrics.slices import Slice
from workbench.settings import Settings

SINCE, UNTIL = date(2025, 3, 24), date(2025, 4, 3)
BERLIN = "Europe/Berlin"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    METRICS.put_beside({}, {})
    DIMENSIONS.put_beside({}, {})


def written(home: Path, text: str, name: str = "mine") -> OwnDefinitions:
    folder = home / "metrics"
    folder.mkdir(parents=True, mode=0o755, exist_ok=True)
    (folder / f"{name}.toml").write_text(text)
    look_again(home)
    return use_own_metrics(home, quiet=True)


def metric(expression: str, unit: str = "count", name: str = "mine", **more: str) -> str:
    others = "".join(f"{key} = {value}\n" for key, value in more.items())
    return (
        f'[metrics.{name}]\nlabel = "Mine"\nunit = "{unit}"\ndescription = "What I count."\n'
        f"expression = '''{expression}'''\n{others}"
    )


def dimension(expression: str, name: str = "part") -> str:
    return (
        f"[dimensions.{name}]\nlabel = \"Part\"\ndescription = \"A part.\"\nexpression = '''{expression}'''\n"
    )


COUNTED = [
    # 72 messages of the week, counted by hand: 40 + 6 + 2 + 2 + 3 + 4 + 10 outbound, 5 inbound.
    ("count(*)", 72),
    ("COUNT (*) FILTER (WHERE Status = 'delivered')", 50),
    ("count(*) filter ({undelivered} or {failed})", 10),
    ("sum(segments) filter (where {outbound} and currency = 'EUR')", 20),
    ("count(distinct contact)", 2),
    ("count(*) filter (where body ilike '%unsubscribe%')", 1),
    ("sum(case when not is_outbound then 2 else 0 end) + 1", 11),
    ("count(*) filter (where contact = '+4915123456789' and\n is_outbound)", 10),
]


@pytest.mark.parametrize(("expression", "number"), COUNTED)
def test_an_expression_counts_what_it_says(
    known_lake: Lake, settings: Settings, expression: str, number: int
) -> None:
    assert written(settings.home, metric(expression)).problems == ()
    with Workbench(settings) as wb:
        frame = wb.metric("mine", since="2025-03-03", until="2025-03-10")
    assert frame["mine"].tolist() == [number]


def test_a_rate_is_divided_as_a_whole_and_brings_its_sample(known_lake: Lake, settings: Settings) -> None:
    text = metric(
        "count(*) filter ({delivered}) + count(*) filter ({unknown})",
        "rate",
        denominator='"count(*) filter ({final}) + 0 * count(*)"',
    )
    assert written(settings.home, text).problems == ()
    with Workbench(settings) as wb:
        frame = wb.metric("mine", since="2025-03-03", until="2025-03-10")
    assert frame["mine"].tolist() == [53 / 63]
    assert frame["sample_size"].tolist() == [63]
    assert frame["in_flight"].tolist() == [4]


def test_money_is_by_currency(known_lake: Lake, settings: Settings) -> None:
    text = metric("sum(spend) filter (where {delivered})", "money")
    assert written(settings.home, text).problems == ()
    with Workbench(settings) as wb:
        frame = wb.metric("mine", since="2025-03-03", until="2025-03-10")
    amounts = dict(zip(frame["currency"], frame["mine"].astype(float).round(4), strict=True))
    assert amounts["USD"] == 0.332
    assert amounts["EUR"] == 0.5


def test_a_dimension_groups_and_filters(known_lake: Lake, settings: Settings) -> None:
    text = dimension("case when body ilike '%stop%' then 'stop' else 'other' end") + dimension(
        "extract(hour from {local})", "clock"
    )
    assert written(settings.home, text).problems == ()
    with Workbench(settings) as wb:
        frame = wb.metric("messages", by="part", since="2025-03-03", until="2025-03-10")
        assert dict(zip(frame["part"], frame["messages"], strict=True)) == {"other": 70, "stop": 2}
        some = wb.metric("messages", where={"part": "stop"}, since="2025-03-03", until="2025-03-10")
        assert some["messages"].tolist() == [2]
        by_hour = wb.metric("messages", by="clock", since="2025-03-03", until="2025-03-10")
        assert dict(zip(by_hour["clock"], by_hour["messages"], strict=True)) == {12: 72}


def test_people_are_shown_masked_and_stay_two(known_lake: Lake, settings: Settings) -> None:
    written(settings.home, dimension("contact", "person"))
    with Workbench(settings) as wb:
        frame = wb.metric("messages", by="person", since="2025-03-03", until="2025-03-10")
        assert dict(zip(frame["person"], frame["messages"], strict=True)) == {
            "+1415***0123": 60,
            "+4915***6789": 12,
        }
        with pytest.raises(UnknownName) as refused:
            wb.metric("messages", where={"person": "+12025550199"})
    assert "+14155550123" not in str(refused.value)


def test_two_people_with_one_mask_are_told_apart_in_every_question(lake: Lake, settings: Settings) -> None:
    """`+1202555x0177` hides the same three digits for both; columns of two questions must not mix them up."""
    contacts = ("+12025550177", "+12026660177")
    save(lake, [payload(n, to=contacts[n > 3], num_segments="2" if n > 3 else "1") for n in range(1, 9)])
    written(settings.home, dimension("contact", "person"))
    with Workbench(settings) as wb:
        messages = wb.metric("messages", by="person").set_index("person")["messages"]
        segments = wb.metric("segments", by="person", where={"segment_count": 2}).set_index("person")
    assert sorted(messages.items()) == [("+1202***0177", 3), ("+1202***0177 (2)", 5)]
    assert segments["segments"].to_dict() == {"+1202***0177 (2)": 10}


REFUSED = [
    ("(select count(*) from read_csv('/etc/passwd'))", "a subquery"),
    ("count(*) filter (exists (select 1))", "a subquery"),
    ("count(*) from message_facts; drop table raw_messages", "a semicolon"),
    ("count(*) -- all", "a comment"),
    ("count(*) /* all */", "a comment"),
    ('count("contact")', "double quotes"),
    ("count($timezone)", "a parameter"),
    ("count(?)", "a parameter"),
    ("count(*), count(*)", "more than one expression"),
    ("count(*) as n", "more than one expression"),
    ("count(*) n", "more than one expression"),
    ("count(*) from sync_runs", "syntax error"),
    ("1) + (count(*)", "syntax error"),
    ("sum(count(*)) over ()", "a window function"),
    ("count(columns('.*'))", "a *"),
    ("sum(list_sum([1, 2]))", "calls list_sum"),
    ("count(#1)", "a column by its number"),
    ("max(getenv('HOME'))", "calls getenv"),
    ("max(current_setting('threads'))", "calls current_setting"),
    ("count(read_text('/etc/passwd'))", "calls read_text"),
    ("sum(random())", "calls random"),
    ("count(now())", "calls now"),
    ("sum(pragma_database_size())", "calls pragma_database_size"),
    ("sum(main.segments)", "names the column 'main.segments'"),
    ("sum(price)", "names the column 'price'"),
    ("count({finished})", "the set {finished}"),
    ("count(*) filter ({final)", "a brace"),
    ("segments", "no aggregate"),
    ("42", "no aggregate"),
    ("count(*) + segments", "cannot be compiled"),
    ("sum(sum(segments))", "cannot be compiled"),
    ("sum(status)", "cannot be compiled"),
    ("max(status)", "gives VARCHAR"),
    ("max(date_created)", "gives TIMESTAMP"),
    ("avg(segments)", "a count is a whole number"),
    ("sum(segments) / 2", "a count is a whole number"),
    ("max(contact)", "would show contact"),
    ("max(cast(substr(contact, 2) as bigint))", "would show contact"),
    ("sum(cast(regexp_replace(to_address, '[^0-9]', '', 'g') as hugeint))", "would show to_address"),
    ("max(case when status = 'sent' then cast(body as integer) end)", "would show body"),
    ("sum(spend)", "adds spend"),
    ("sum(case when status = 'sent' then spend else 0 end)", "adds spend"),
    ("", "text in quotes"),
    ("count(*) filter (where 'a)", "a quote"),
]


@pytest.mark.parametrize(("expression", "reason"), REFUSED)
def test_an_expression_that_does_more_is_refused(tmp_path: Path, expression: str, reason: str) -> None:
    definitions = written(tmp_path, metric(expression) + metric("count(*)", name="good"))
    assert list(definitions.metrics) == ["good"]  # the others go on
    assert len(definitions.problems) == 1
    assert reason in definitions.problems[0]
    assert definitions.problems[0].startswith(f"{tmp_path}/metrics/mine.toml, line ")


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("count(*)", "calls count"),
        ("body", "would show body"),
        ("lower(contact)", "would show contact"),
        ("contact || ''", "would show contact"),
        (
            "case when is_outbound then to_address else from_address end",
            "would show from_address, to_address",
        ),
        ("split_part(body, ' ', 1)", "would show body"),
        ("is_outbound", "gives BOOLEAN"),
        ("spend", "gives DECIMAL"),
        ("date_sent", "gives TIMESTAMP"),
    ],
)
def test_a_dimension_that_shows_more_is_refused(tmp_path: Path, expression: str, reason: str) -> None:
    definitions = written(tmp_path, dimension(expression))
    assert (dict(definitions.dimensions), len(definitions.problems)) == ({}, 1)
    assert reason in definitions.problems[0]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (metric("count(*)", name="spend"), 1, "it is a built-in metric"),
        (metric("count(*)", name="sender"), 1, "it is a built-in dimension"),
        (dimension("status", "spend"), 1, "it is a built-in metric"),
        (metric("count(*)", name="in_flight"), 1, "it is a built-in metric"),
        (metric("count(*)", name="sample_size"), 1, "have a column of it"),
        (metric("count(*)", name="body"), 1, "have a column of it"),
        (metric("count(*)", name="select"), 1, "a word of SQL"),
        (metric("count(*)", name="Mine"), 1, "other signs than a-z"),
        (metric("count(*)", "number"), 3, "has the unit 'number'; allowed is one of count, rate"),
        (metric("count(*)", "rate"), 3, "a rate without a denominator"),
        (metric("median(segments)", "ratio"), 3, "how many messages stand behind it"),
        (metric("count(*)", denominator="'count(*)'"), 3, "Is it a rate or a ratio?"),
        (metric("count(*)", better="'bigger'"), 6, "write 'higher' or 'lower'"),
        (metric("count(*)", minimum_sample="-1"), 6, "write a whole number"),
        (metric("count(*)", exclude="'x'"), 6, "Did you mean 'excludes'?"),
        ("[metrics.mine]\nlabel = 'x'\n", 1, "lacks unit, description, expression"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    definitions = written(tmp_path, text)
    assert len(definitions.problems) == 1
    assert definitions.problems[0].startswith(f"{tmp_path}/metrics/mine.toml, line {line}: ")
    assert reason in definitions.problems[0]


def test_files_that_hold_no_definitions_are_named(tmp_path: Path) -> None:
    for name, text in {
        "a": "[metrics.x\n",
        "b": "",
        "c": "[metric.x]\n",
        "My file": metric("count(*)"),
    }.items():
        written(tmp_path, text, name)
    (tmp_path / "metrics" / "d.toml").write_bytes(b"\xff\xfe")
    look_again(tmp_path)
    problems = use_own_metrics(tmp_path, quiet=True).problems
    assert [problem.split("metrics/")[1].split(".toml")[0] for problem in problems] == [
        "My file",
        "a",
        "b",
        "c",
        "d",
    ]


def test_a_name_that_two_files_define_is_the_first_ones(tmp_path: Path) -> None:
    written(tmp_path, metric("count(*)"), "a")
    definitions = written(tmp_path, metric("sum(segments)"), "b")
    assert definitions.metrics["mine"].numerator == "count(*)"
    assert "b.toml, line 1: metric mine cannot have this name, it is defined in" in definitions.problems[0]


def test_a_file_that_others_can_write_is_refused(tmp_path: Path) -> None:
    written(tmp_path, metric("count(*)"))
    path = tmp_path / "metrics" / "mine.toml"
    for place, mode in ((path, 0o664), (path, 0o646), (path.parent, 0o777), (tmp_path, 0o775)):
        before = place.stat().st_mode & 0o777
        place.chmod(mode)
        definitions = written(tmp_path, metric("count(*)") + f"# {mode:o} {place.name}\n")
        assert (dict(definitions.metrics), len(definitions.problems)) == ({}, 1)
        assert f"run `chmod go-w {place}`" in definitions.problems[0]
        place.chmod(before)


def test_a_broken_definition_is_named_where_it_is_asked_for(
    known_lake: Lake, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    folder = settings.home / "metrics"
    folder.mkdir()
    (folder / "mine.toml").write_text(metric("max(contact)"))
    with Workbench(settings) as wb:
        assert len(wb.metric("messages")) == 1
        with pytest.raises(UnknownName, match=r"mine.toml, line 5: metric mine would show contact"):
            wb.metric("mine")
    assert caplog.text.count("Notice: ") == 1


def test_a_changed_file_is_read_again_and_not_before_it_is_looked_at(tmp_path: Path) -> None:
    written(tmp_path, metric("count(*)"))
    (tmp_path / "metrics" / "mine.toml").write_text(metric("sum(segments)"))
    assert use_own_metrics(tmp_path).metrics["mine"].numerator == "count(*)"
    assert look_again(tmp_path)
    assert METRICS["mine"].numerator == "sum(segments)"
    assert not look_again(tmp_path)


def test_two_homes_do_not_mix(tmp_path: Path) -> None:
    written(tmp_path / "one", metric("count(*)"))
    written(tmp_path / "two", metric("sum(segments)"))
    use_own_metrics(tmp_path / "one")
    assert METRICS["mine"].numerator == "count(*)"
    use_own_metrics(tmp_path / "two")
    assert METRICS["mine"].numerator == "sum(segments)"
    use_own_metrics(tmp_path / "three")
    assert "mine" not in METRICS


@pytest.mark.parametrize(
    "expression",
    [
        "sum(" + " + ".join(["segments"] * 3000) + ")",
        "sum(" * 900 + "1" + ")" * 900,
        "count(*) filter (" + "not " * 900 + "{final})",
    ],
)
def test_an_expression_of_any_depth_is_taken_or_refused(tmp_path: Path, expression: str) -> None:
    definitions = written(tmp_path, metric(expression) + metric("count(*)", name="good"))
    assert "good" in definitions.metrics
    assert len(definitions.metrics) + len(definitions.problems) == 2


@hypothesis_settings(max_examples=150)
@given(text=st.text() | st.text("[]metrics.dimensions= \n'\"{}x1(),;-*", max_size=80))
def test_no_file_ends_a_command(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever stands in a file, or in an expression, what is not understood is a problem that is named."""
    home = tmp_path_factory.mktemp("home")
    escaped = "".join(f"\\U{ord(char):08x}" for char in text if not 0xD800 <= ord(char) < 0xE000)
    template = metric("EXPRESSION", name="odd").replace("'''EXPRESSION'''", f'"{escaped}"')
    (home / "metrics").mkdir(mode=0o755)
    (home / "metrics" / "raw.toml").write_bytes(text.encode("utf-8", "replace"))
    definitions = written(home, template + metric("count(*)", name="good"))
    assert "good" in definitions.metrics
    assert len(definitions.problems) + len(definitions.metrics) >= 2


def test_the_empty_lake_has_the_columns_of_a_lake(lake: Lake) -> None:
    described = lake.rows("describe message_facts")
    assert {row[0]: row[1].lower() for row in described} == {
        name: type_.replace("(12, 6)", "(12,6)") for name, type_ in FACT_COLUMNS.items()
    }


# What an analyst writes, as a cube, a slice and the lake may each read it in their own way.
_CONDITIONS = st.recursive(
    st.sampled_from(
        [
            "{final}", "{delivered}", "is_outbound", "STATUS = 'failed'", "country in ('US', 'DE')",
            "segments > 1", "keyword is null", "error_code is distinct from 30003", "body like '%(%'",
            "sender_type <> 'short code'", "encoding = 'count(*)'", "extract(hour from {local}) < 12",
        ]
    ),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "OR"]), inner)
        | st.builds("not {}".format, inner)
    ),
    max_leaves=4,
)  # fmt: skip
_FILTERS = st.just("") | st.builds(
    " {}({}{})".format,
    st.sampled_from(["filter ", "FILTER"]),
    st.sampled_from(["", "where ", "WHERE "]),
    _CONDITIONS,
)
_COUNTS = [
    "count(*)",
    "Count ( * )",
    "count(error_code)",
    "count(distinct sender)",
    "count(distinct contact)",
]


def expressions(numbers: list[str], functions: list[str]) -> st.SearchStrategy[str]:
    numbers_ = st.sampled_from(numbers)
    values = st.builds("case when {} then {} else {} end".format, _CONDITIONS, numbers_, numbers_) | numbers_
    calls = st.builds("{}({})".format, st.sampled_from(functions), values)
    return st.recursive(
        st.builds("{}{}".format, st.sampled_from(_COUNTS) | calls, _FILTERS),
        lambda inner: (
            st.builds("{} {} {}".format, inner, st.sampled_from(["+", "-", "*"]), inner)
            | st.builds("coalesce({}, 0)".format, inner)
        ),
        max_leaves=3,
    )


WHOLE = expressions(
    ["segments", "media_count", "1", "length(body)", "coalesce(segments, 0)"], ["sum", "SUM ", "min", "max"]
)
ANY = expressions(["segments", "error_code", "2.5", "length(body) / 2"], ["sum", "avg", "median", "max"])


@hypothesis_settings(max_examples=50)
@given(
    above=WHOLE | st.tuples(ANY, WHOLE),
    by=st.sampled_from([(), ("sender",), ("week", "outcome")]),
)
def test_cube_slice_and_lake_count_alike(
    traffic_lake: Lake,
    tmp_path_factory: pytest.TempPathFactory,
    above: str | tuple[str, str],
    by: tuple[str, ...],
) -> None:
    text = (
        metric(above)
        if isinstance(above, str)
        else metric(above[0], "ratio", denominator=f"'''{above[1]}'''")
    )
    assert written(tmp_path_factory.mktemp("home"), text).problems == ()
    cube = DayCube(traffic_lake, BERLIN)
    cube.follow(traffic_lake.snapshot_id())
    since, until = datetime(2025, 3, 23, 23, tzinfo=UTC), datetime(2025, 4, 2, 22, tzinfo=UTC)
    piece = Slice(traffic_lake, since, until, timezone=BERLIN)
    piece.value("select count(*) from message_facts")
    asked: Any = ("mine", by, {}, SINCE, UNTIL)
    expected = query_metric(traffic_lake, *asked, timezone=BERLIN).frame
    for answer in (cube.metric(*asked), query_metric(piece, *asked, timezone=BERLIN)):
        if answer is not None:
            assert_same_rows(answer.frame, expected)
    cube.close()
    piece.close()


def assert_same_rows(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found.columns) == list(expected.columns)
    rows: list[tuple[Any, Any]] = list(
        zip(found.itertuples(index=False), expected.itertuples(index=False), strict=True)
    )
    for one, other in rows:
        assert all(same(as_float(a), as_float(b)) for a, b in zip(one, other, strict=True)), (one, other)


def as_float(value: Any) -> Any:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
