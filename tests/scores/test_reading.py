"""Score files: read whole, or refused with the rows that are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.core.errors import InputError
from review_app.manifests.manifest import ManifestLabel
from review_app.scores.reading import read_scores, stream_scores
from review_app.scores.row import ScoreRow
from review_app.scores.writing import write_scores

SHA = "ab" * 32


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "scores.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def fault(tmp_path: Path, text: str | bytes, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        read_scores(written(tmp_path, text), **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_columns_become_arrays_and_empty_fields_stay_unknown(tmp_path: Path) -> None:
    text = (
        "sha256,path,detector,p_fake,score,std,label,source,split,time\n"
        f"{SHA.upper()},,ours,0.25,0.4,0.1,real,web,Test,2026-01-31T12:00:00+01:00\n"
        "\n"
        ",b.png,ours,1,,,Fake,,,\n"
        ",c.png,ours,.5,,,,,,\n"
    )
    table = read_scores(written(tmp_path, text))
    assert (len(table), table.detector) == (3, "ours")
    assert table.p_fake.tolist() == [0.25, 1, 0.5]
    assert table.score.tolist() == [0.4, 1, 0.5]
    assert np.isnan(table.std).tolist() == [False, True, True]
    assert table.labelled.tolist() == [True, True, False]
    assert table.is_fake.tolist() == [False, True, False]
    assert (table.source.tolist(), table.split.tolist()) == (["web", "", ""], ["test", "", ""])
    assert table.time[0] == 1769857200
    rows = list(stream_scores(table.path))
    assert [(row.row, row.path, row.sha256) for row in rows[:2]] == [
        (2, None, SHA),
        (4, "b.png", None),
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a.png,,d,nan", "row 2: p_fake 'nan' is not a finite number"),
        ("a.png,,d,-inf", "row 2: p_fake '-inf' is not a finite number"),
        ("a.png,,d,1.01", "row 2: p_fake '1.01' is outside [0, 1]"),
        ("a.png,,d,-0.1", "row 2: p_fake '-0.1' is outside [0, 1]"),
        ("a.png,,d,1_0", "row 2: p_fake '1_0' is not a number"),
        ("a.png,,d,87%", "row 2: p_fake '87%' is not a number"),
        ("a.png,,d,", "row 2: no p_fake"),
        ("a.png,,,0.5", "row 2: no detector"),
        (",,d,0.5", "row 2: neither path nor sha256"),
        (f",{SHA[:-1]},d,0.5", "is no SHA-256"),
        (f",{SHA[:-1]}g,d,0.5", "is no SHA-256"),
        ("a.png,,d", "row 2: 3 values under a header of 4 columns"),
        ("a.png,,d,0.5,6", "row 2: 5 values under a header of 4 columns"),
    ],
)
def test_a_wrong_row_is_named_with_what_is_wrong(tmp_path: Path, row: str, words: str) -> None:
    assert words in fault(tmp_path, f"path,sha256,detector,p_fake\n{row}\n")


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("label", "unsure", "neither real nor fake"),
        ("time", "yesterday", "no ISO 8601 time"),
        ("std", "-1", "is below 0"),
        ("score", "2", "is outside [0, 1]"),
        ("novelty", "1e999", "is too large"),
    ],
)
def test_optional_columns_are_checked_too(
    tmp_path: Path, column: str, value: str, words: str
) -> None:
    assert words in fault(tmp_path, f"path,detector,p_fake,{column}\na,d,0.5,{value}\n")


def test_at_most_twenty_faults_are_told_and_the_others_counted(tmp_path: Path) -> None:
    rows = "".join(f"{i}.png,d,{i + 2}\n" for i in range(30))
    message = fault(tmp_path, f"path,detector,p_fake\n{rows}")
    assert message.count("row ") == 20
    assert "30 faults" in message
    assert message.endswith("and 10 more. p_fake looks like percent: divide by 100")
    assert "row 2: p_fake '2'" in message


def test_an_image_twice_for_one_detector_is_refused_naming_both_rows(tmp_path: Path) -> None:
    header = "path,sha256,detector,p_fake\n"
    rows = [f"a.png,{SHA},d,0.5", f"b.png,{SHA.upper()},d,0.6", f"a.png,{SHA},e,0.5", "a.png,,d,1"]
    message = fault(tmp_path, header + "\n".join(rows), detector="d")
    assert "row 3: the same image and detector as row 2" in message
    assert "1 fault:" in message  # a path and a hash are told apart, and so are detectors


def test_a_detector_is_asked_for_where_there_are_several(tmp_path: Path) -> None:
    text = "path,detector,p_fake\na,one,0.1\na,two,0.9\n"
    assert "has 2 detectors: one, two; name one" in fault(tmp_path, text)
    assert "no detector 'three', only: one, two" in fault(tmp_path, text, detector="three")
    assert read_scores(tmp_path / "scores.csv", detector="two").p_fake.tolist() == [0.9]


def test_rows_of_other_detectors_are_checked_too(tmp_path: Path) -> None:
    text = "path,detector,p_fake\na,one,0.1\na,two,nan\n"
    assert "row 3" in fault(tmp_path, text, detector="one")


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_delimiter_is_recognised(tmp_path: Path, sign: str, name: str) -> None:
    text = "path,detector,p_fake\na,d,0.5\n".replace(",", sign)
    assert f"separated by {name}" in fault(tmp_path, text).replace("vertical ", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("path,detector,p_fake\n", "has no rows"),
        ("path,p_fake\na,0.5\n", "has no column detector, only: path,p_fake"),
        ("detector,p_fake\nd,0.5\n", "has no column path or sha256"),
        ("path,detector,p_fake,p_fake\na,d,0,1\n", "names p_fake more than once"),
        ("path,detector,p_fake\na,d,0.5\n".encode("utf-16"), "is UTF-16"),
        (b"path,detector,p_fake\na,d,0.5\n\xff.png,d,0.5\n", "row 3 is not UTF-8"),
        (b"path,detector,p_fake\na\0,d,0.5\n", "row 2 holds zero bytes"),
        ('path,detector,p_fake\n"a,d,0.5\n', "cannot be read as CSV"),
        ("path,detector,p_fake\n" + "a" * 70_000 + ",d,0.5\n", "row 2 is longer than"),
    ],
)
def test_a_file_that_is_no_score_file_is_refused(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    assert words in fault(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no score file .*none\.csv"):
        read_scores(tmp_path / "none.csv")


def test_ten_gigabytes_are_refused_unread(tmp_path: Path) -> None:
    path = written(tmp_path, "path,detector,p_fake\na,d,0.5\n")
    with path.open("r+b") as file:
        file.truncate(10_000_000_000)  # sparse: takes no room
    with pytest.raises(InputError, match=r"has 10,000 MB; at most 2,560 MB are read"):
        read_scores(path)


def test_too_many_rows_are_refused_at_the_first_beyond_the_limit(tmp_path: Path) -> None:
    rows = "".join(f"{i},d,0.5\n" for i in range(4))
    text = f"path,detector,p_fake\n{rows}"
    assert len(read_scores(written(tmp_path, text), max_rows=4)) == 4
    assert "has more than 3 rows" in fault(tmp_path, text, max_rows=3)


def test_a_stream_ends_with_the_faults_it_met(tmp_path: Path) -> None:
    path = written(tmp_path, "path,detector,p_fake\na,d,2\nb,d,0.5\n")
    rows = stream_scores(path)
    assert next(rows).path == "b"
    with pytest.raises(InputError, match="row 2"):
        next(rows)


SHARES = st.floats(0, 1)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=20).map(
    str.strip
)


@given(
    st.lists(st.tuples(SHARES, SHARES, st.sampled_from([None, *ManifestLabel]), NAMES), min_size=1)
)
def test_what_is_written_is_read_back_equal(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[float, float, ManifestLabel | None, str]],
) -> None:
    path = tmp_path_factory.mktemp("scores") / "scores.csv"
    made = [
        ScoreRow(i + 2, f"{i}.png", None, "d", p, s, None, None, label, name or None, None, None)
        for i, (p, s, label, name) in enumerate(rows)
    ]
    assert write_scores(path, made) == len(made)
    assert list(stream_scores(path)) == made


@pytest.mark.parametrize(
    ("values", "remedy"),
    [
        (["87%", "3%"], "in percent: leave the sign out, and divide by 100"),
        (["87.5", "0.3", "99"], "looks like percent: divide by 100"),
        (["-2.3", "0.4", "5.1"], "looks like logits: write 1 / (1 + exp(-logit))"),
        (["0.3", "1.0000001"], "off by rounding: clip it to [0, 1]"),
        (["0.3", "-1e-9"], "off by rounding: clip it to [0, 1]"),
        (["255", "17"], "on another scale"),
    ],
)
def test_numbers_on_another_scale_are_refused_with_what_to_do(
    tmp_path: Path, values: list[str], remedy: str
) -> None:
    rows = "".join(f"{n}.png,d,{value}\n" for n, value in enumerate(values))
    assert remedy in fault(tmp_path, f"path,detector,p_fake\n{rows}")


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ('{"path": "a.png", "p_fake": 0.5}\n', "read_json('{path}', lines=True)"),
        ('[{"path": "a.png", "p_fake": 0.5}]', "read_json('{path}')"),
        (b"PAR1\x15\0\x15\0", "read_parquet('{path}')"),
    ],
)
def test_json_and_parquet_are_refused_with_the_command_that_makes_a_score_file(
    tmp_path: Path, text: str | bytes, call: str
) -> None:
    found = fault(tmp_path, text)
    assert f"pandas.{call.format(path=tmp_path / 'scores.csv')}.to_csv(" in found


def test_a_detectors_name_stands_in_for_the_column(tmp_path: Path) -> None:
    text = "path,p_fake\na.png,0.5\n"
    assert "--detector NAME stands in for it" in fault(tmp_path, text)
    table = read_scores(written(tmp_path, text), detector="ours")
    assert (table.detector, table.p_fake.tolist()) == ("ours", [0.5])
    assert "no detector" in fault(tmp_path, "path,detector,p_fake\na.png,,0.5\n", detector="ours")


def test_a_score_that_says_the_opposite_is_counted(tmp_path: Path) -> None:
    rows = "a,d,0.9,0.1\nb,d,0.1,0.9\nc,d,0.9,0.6\nd,d,0.4,0.6\ne,d,1,\n"
    text = f"path,detector,p_fake,score\n{rows}"
    assert read_scores(written(tmp_path, text)).contradicting() == 2
