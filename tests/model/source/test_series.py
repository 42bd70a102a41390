"""Which mails of a file are the series, in which order, and what is no series."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from mails import FROM, diff, mail, mbox, patch

from model.source import series as module
from model.source.series import read_series
from model.source.tree import SourceError

ONE, TWO = diff("drivers/dma/x.c", "a\n", "b\n"), diff("drivers/dma/x.c", "b\n", "c\n")
COVER = mail("[PATCH v2 0/2] dma: both", "Hello.\n drivers/dma/x.c | 4 ++--\n")
FIRST, SECOND = patch("[PATCH v2 1/2] dma: first", ONE), patch("[PATCH v2 2/2] dma: second", TWO)
REPLY = mail("Re: [PATCH v2 1/2] dma: first", f"What about this?\n\n{TWO}")


def test_the_numbers_order_the_patches_and_what_else_is_in_the_thread_is_said(tmp_path: Path) -> None:
    series = read_series(mbox(tmp_path / "s.mbox", [SECOND, REPLY, COVER, FIRST]))
    assert [(each.number, each.total, each.subject) for each in series.patches] == [
        (1, 2, "dma: first"),
        (2, 2, "dma: second"),
    ]
    assert [each.content.startswith(text.encode()) for each, text in zip(series.patches, (ONE, TWO), strict=True)] == [
        True,
        True,
    ]
    assert series.skipped == "the cover letter and 1 other mail, such as replies"
    assert str(series.patches[1]) == 'patch 2/2 ("dma: second")'


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "quoted-printable", "base64"])
def test_an_encoded_mail_has_the_same_patch(tmp_path: Path, encoding: str) -> None:
    text = ONE if encoding == "7bit" else ONE.replace("+b", "+b = ä")
    series = read_series(mbox(tmp_path / "s.mbox", [patch("[PATCH] dma: one", text, encoding=encoding)]))
    assert series.patches[0].content.startswith(text.encode())


def test_a_subject_may_be_encoded_folded_and_tagged_otherwise(tmp_path: Path) -> None:
    for subject, said in (
        ("[RFC PATCH net-next v3 01/01] dma: ä", 'patch 1/1 ("dma: ä")'),
        ("[list] [PATCH RESEND] fw: a subsystem", 'patch 1/1 ("fw: a subsystem")'),
        ("[PATCH 1/1] " + "long " * 30, f'patch 1/1 ("{"long " * 29}long")'),
    ):
        series = read_series(mbox(tmp_path / "s.mbox", [patch(subject, ONE)]))
        assert [str(each) for each in series.patches] == [said]


def test_a_mail_that_came_twice_counts_once(tmp_path: Path) -> None:
    assert len(read_series(mbox(tmp_path / "s.mbox", [FIRST, SECOND, FIRST])).patches) == 2


def test_lores_packed_mbox_a_single_mail_and_one_patch_of_many_are_read(tmp_path: Path) -> None:
    file = mbox(tmp_path / "s.mbox", [FIRST, SECOND])
    (tmp_path / "t.mbox.gz").write_bytes(gzip.compress(file.read_bytes()))
    assert len(read_series(tmp_path / "t.mbox.gz").patches) == 2
    (tmp_path / "one.eml").write_bytes(SECOND.replace(b"\n", b"\r\n"))
    (alone,) = read_series(tmp_path / "one.eml").patches
    assert alone.number == 2 and alone.content.startswith(TWO.encode())
    bare = mbox(tmp_path / "bare.mbox", [patch("dma: no tag", ONE)])
    assert str(read_series(bare).patches[0]) == 'patch 1/1 ("dma: no tag")'


def test_a_line_of_text_that_begins_as_a_mail_does_is_text(tmp_path: Path) -> None:
    text = f"From here on it is better.\n\n---\n{ONE}"
    assert len(read_series(mbox(tmp_path / "s.mbox", [mail("[PATCH] dma: x", text)])).patches) == 1


@pytest.mark.parametrize(
    ("mails", "said"),
    [
        ([COVER], "none of its mails is a patch"),
        ([REPLY], "none of its mails is a patch"),
        ([FIRST, mail("[PATCH v2 2/2] dma: x", "Forgotten.\n")], 'mail 2 ("[PATCH v2 2/2] dma: x") has no diff'),
        ([FIRST, patch("[PATCH v2] dma: x", TWO)], 'mail 2 ("[PATCH v2] dma: x") has no number such as [PATCH 2/3]'),
        ([FIRST, patch("[PATCH v3 2/2] dma: second", TWO)], "mails of two series, v2 in 2 patches and v3 in 2 patches"),
        ([FIRST, patch("[PATCH v2 2/3] dma: second", TWO)], "mails of two series, v2 in 2 patches and v2 in 3 patches"),
        ([FIRST, patch("[PATCH v2 1/2] dma: again", TWO)], "have the same number; leave one of them"),
        ([FIRST, patch("[PATCH v2 3/2] dma: again", TWO)], "a number beyond the last"),
        (
            [patch(f"[PATCH {number}/5] dma: x", ONE) for number in (1, 2, 4)],
            "of 5 patches there is no number 3, 5",
        ),
    ],
)  # fmt: skip
def test_what_is_not_one_whole_series_is_one_line(tmp_path: Path, mails: list[bytes], said: str) -> None:
    file = mbox(tmp_path / "s.mbox", mails)
    with pytest.raises(SourceError) as error:
        read_series(file)
    assert str(error.value).startswith(f"{file}: ") and said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"int x;\n", bytes(range(256)) * 4, b"\x1f\x8bbroken", b"text\n" + FROM])
def test_what_is_no_mbox_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s.mbox").write_bytes(content)
    with pytest.raises(SourceError, match="give a series as one mbox"):
        read_series(tmp_path / "s.mbox")


def test_a_file_that_is_too_large_packed_or_not_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 1 << 20)
    for name, content in (("s.mbox", b"x" * (2 << 20)), ("s.mbox.gz", gzip.compress(bytes(2 << 20)))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SourceError, match="larger than 1 MiB"):
            read_series(tmp_path / name)
    for other in (tmp_path, tmp_path / "none", Path("/dev/zero")):
        with pytest.raises(SourceError, match="give a series as one mbox"):
            read_series(other)


def test_headers_that_are_not_what_they_say_are_no_traceback(tmp_path: Path) -> None:
    raw = b"Subject: =?none?q?[PATCH]_x?= [PATCH 1/1] \x1b[2J \xff\nContent-Type: text/plain; charset=none\n"
    raw += b"Content-Transfer-Encoding: base64\n\n" + ONE.encode()
    with pytest.raises(SourceError, match="none of its mails"):
        read_series(mbox(tmp_path / "s.mbox", [raw]))
