"""What people point at becomes a stream of candidates, with every exception named."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from review_app.core.errors import ManifestError, RefusalReason, RefusedFile
from review_app.intake.archives import ArchiveLimits, display_name
from review_app.intake.candidates import Candidate
from review_app.intake.sources import SourceReading, count, expand
from review_app.manifests.manifest import ManifestLabel
from tests.intake.samples import encode, picture

MAX_BYTES = 100_000
JPEG = encode(picture(), "JPEG")


def reading(limits: ArchiveLimits | None = None) -> SourceReading:
    return SourceReading(MAX_BYTES, limits or ArchiveLimits())


def listed(*paths: Path, limits: ArchiveLimits | None = None) -> dict[str, bytes | RefusalReason]:
    """Every name of the stream with its bytes or the reason why there are none."""
    found: dict[str, bytes | RefusalReason] = {}
    for one in expand(paths, reading(limits)):
        if isinstance(one, RefusedFile):
            found[one.path] = one.reason
            continue
        try:
            found[one.name] = one.read()
        except RefusedFile as refused:
            found[one.name] = refused.reason
    assert count(paths, reading(limits)) == len(found)
    return found


def zipped(path: Path, contents: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def test_a_folder_is_walked_in_order_without_hidden_files_and_litter(tmp_path: Path) -> None:
    for name in ("b/2.jpg", "b/10.jpg", "a.jpg", ".hidden.jpg", ".git/x.jpg", "Thumbs.db"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(JPEG)
    found = listed(tmp_path)
    assert [Path(name).relative_to(tmp_path).as_posix() for name in found] == [
        "a.jpg",
        "b/10.jpg",
        "b/2.jpg",
    ]
    assert set(found.values()) == {JPEG}


def test_links_are_followed_inside_the_folder_only(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(JPEG)
    (inside / "real.jpg").write_bytes(JPEG)
    (inside / "to-file.jpg").symlink_to(outside / "secret.jpg")
    (inside / "to-folder").symlink_to(outside)
    (inside / "loop").symlink_to(inside)
    (inside / "dangling.jpg").symlink_to(inside / "nothing")
    (inside / "alias.jpg").symlink_to(inside / "real.jpg")
    assert [Path(name).name for name in listed(inside)] == ["alias.jpg", "real.jpg"]


def test_a_path_that_is_not_there_is_refused_as_missing(tmp_path: Path) -> None:
    assert listed(tmp_path / "no.jpg") == {str(tmp_path / "no.jpg"): RefusalReason.MISSING}


def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert list(listed(tmp_path).values()) == [RefusalReason.UNREADABLE]


def test_a_file_over_the_limit_is_refused_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse.jpg").open("wb") as file:
        file.truncate(10**12)
    assert list(listed(tmp_path).values()) == [RefusalReason.TOO_LARGE]


def test_a_file_that_goes_away_meanwhile_is_refused_as_missing(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    candidate = next(expand([tmp_path], reading()))
    assert isinstance(candidate, Candidate)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(RefusedFile, match="missing"):
        candidate.read()


def test_an_archive_is_streamed_whatever_its_name(tmp_path: Path) -> None:
    contents = {"in/a.jpg": JPEG, "b.jpg": b"x", "__MACOSX/._b.jpg": b"x", "in/.DS_Store": b"x"}
    archive = zipped(tmp_path / "photos.dat", contents)
    before = sorted(tmp_path.iterdir())
    assert listed(archive) == {f"{archive}/in/a.jpg": JPEG, f"{archive}/b.jpg": b"x"}
    assert sorted(tmp_path.iterdir()) == before


def test_an_archive_within_a_folder_is_streamed_too(tmp_path: Path) -> None:
    zipped(tmp_path / "photos.zip", {"a.jpg": JPEG})
    assert list(listed(tmp_path).values()) == [JPEG]


def test_entries_can_be_read_after_the_stream_has_ended(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "photos.zip", {"a.jpg": JPEG, "b.jpg": JPEG})
    candidates = list(expand([archive], reading()))
    for candidate in reversed(candidates):
        assert isinstance(candidate, Candidate)
        assert candidate.read() == JPEG


def test_names_in_an_archive_cannot_point_elsewhere(tmp_path: Path) -> None:
    contents = {
        "../../etc/x.jpg": JPEG,
        "/abs.jpg": JPEG,
        "a\\..\\w.jpg": JPEG,
        "e\u202egpj.jpg": b"",
    }
    found = listed(zipped(tmp_path / "a.zip", contents))
    names = [name.removeprefix(f"{tmp_path}/a.zip/") for name in found]
    assert names == ["etc/x.jpg", "abs.jpg", "a/w.jpg", "e?gpj.jpg"]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("写真/東京.jpg".encode("cp932"), "写真/東京.jpg"),
        ("表示.jpg".encode("cp932"), "表示.jpg"),
        ("größe.jpg".encode("cp437"), "größe.jpg"),
        ("pâté.jpg".encode("cp437"), "pâté.jpg"),
        ("größe 写真.jpg".encode(), "größe 写真.jpg"),
    ],
)
def test_names_in_an_archive_are_read_as_they_were_written(
    tmp_path: Path, raw: bytes, name: str
) -> None:
    held = "x" * len(raw)
    archive = zipped(tmp_path / "a.zip", {held: JPEG})
    archive.write_bytes(archive.read_bytes().replace(held.encode(), raw))
    assert listed(archive) == {f"{archive}/{name}": JPEG}


def test_an_archive_inside_an_archive_is_unsupported(tmp_path: Path) -> None:
    found = listed(zipped(tmp_path / "a.zip", {"inner.ZIP": b"PK\3\4"}))
    assert list(found.values()) == [RefusalReason.UNSUPPORTED]


def test_an_encrypted_entry_is_unreadable(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"a.jpg": JPEG})
    data = bytearray(archive.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    archive.write_bytes(data)
    assert list(listed(archive).values()) == [RefusalReason.UNREADABLE]


def test_a_damaged_entry_is_unreadable_and_the_rest_goes_on(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"a.jpg": JPEG, "b.jpg": JPEG})
    data = bytearray(archive.read_bytes())
    data[100:110] = bytes(10)
    archive.write_bytes(data)
    assert list(listed(archive).values()) == [RefusalReason.UNREADABLE, JPEG]


def test_an_archive_cut_short_is_unreadable(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"a.jpg": JPEG})
    archive.write_bytes(archive.read_bytes()[:-30])
    assert listed(archive) == {str(archive): RefusalReason.UNREADABLE}


@pytest.mark.parametrize(
    ("contents", "limits", "reasons"),
    [
        ({"flat.png": bytes(3_000_000)}, ArchiveLimits(), [RefusalReason.BOMB]),
        ({f"{n}": b"x" for n in range(5)}, ArchiveLimits(max_entries=4), [RefusalReason.BOMB]),
        (
            {"a": b"x" * 60, "b": b"x" * 60},
            ArchiveLimits(max_total_bytes=100),
            [b"x" * 60, RefusalReason.BOMB],
        ),
        ({"big": os.urandom(MAX_BYTES + 1)}, ArchiveLimits(), [RefusalReason.TOO_LARGE]),
    ],
)
def test_archives_that_unpack_into_too_much_are_refused(
    tmp_path: Path,
    contents: dict[str, bytes],
    limits: ArchiveLimits,
    reasons: list[bytes | RefusalReason],
) -> None:
    found = listed(zipped(tmp_path / "a.zip", contents), limits=limits)
    assert list(found.values()) == reasons


def test_a_manifest_carries_what_it_knows_and_names_missing_rows(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.jpg").write_bytes(JPEG)
    absolute = tmp_path / "b.jpg"
    absolute.write_bytes(JPEG)
    manifest = tmp_path / "m.csv"
    manifest.write_text(
        "path,label,source,group,split\n"
        f"images/a.jpg,fake,studio,p1,queue\n{absolute},,,,\nimages/gone.jpg,real,,,\n"
    )
    first, second, third = expand([manifest], reading())
    assert isinstance(first, Candidate)
    assert (first.label, first.source, first.group) == (ManifestLabel.FAKE, "studio", "p1")
    assert (first.split, first.row, first.read()) == ("queue", 2, JPEG)
    assert isinstance(second, Candidate)
    assert (second.label, second.row, second.read()) == (None, 3, JPEG)
    assert isinstance(third, RefusedFile)
    assert third.reason is RefusalReason.MISSING
    assert "row 4" in third.detail


def test_a_manifest_in_a_folder_is_no_image_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path\nx.jpg\n")
    assert list(listed(tmp_path).values()) == [RefusalReason.NOT_AN_IMAGE]


def test_an_unusable_manifest_ends_the_batch_with_its_rows(tmp_path: Path) -> None:
    manifest = tmp_path / "m.csv"
    manifest.write_text("path,label\na.jpg,perhaps\n")
    with pytest.raises(ManifestError, match="row 2"):
        list(expand([manifest], reading()))


def test_names_that_are_not_text_can_be_shown_and_stored(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\n.jpg")
    path.write_bytes(JPEG)
    (name,) = listed(tmp_path)
    assert name == f"{tmp_path}/caf??.jpg"
    assert display_name("größe 写真.jpg") == "größe 写真.jpg"
